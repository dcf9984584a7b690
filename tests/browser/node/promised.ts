/** What the modules are, by their own JSDoc, is what `aikagi.d.ts` promises. */
import type * as promised from "../../../.tools/node-browser/inferred/client/promise.d.ts";
import type * as inferred from "../../../.tools/node-browser/inferred/client/aikagi.js";

type Module = typeof inferred;
type Promised = typeof promised;

declare const module: Module;
// Nobody else makes a Call: its constructor is not promised.
export const kept: Omit<Promised, "Call"> = module;

declare const call: inferred.Call;
export const followed: promised.Call = call;

/** Nothing else is exported. */
type Unpromised = Exclude<keyof Module, keyof Promised>;
export const none: [Unpromised] extends [never] ? true : Unpromised = true;

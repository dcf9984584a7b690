/**
 * Aikagi in a browser: log in to the broker, get credentials for one function, call it.
 *
 *     const broker = new Broker();
 *     await broker.login(username, password);
 *     for await (const event of broker.call("hello")) console.log(event);
 *
 * Needs https or localhost: `crypto.subtle` exists nowhere else.
 */

/** A function that the person logged in may call. */
export interface FunctionEntry {
  Name: string;
  Title: string;
  Description: string;
  FuncUrl: string;
  Region: string;
  InvokeMode: "BUFFERED" | "RESPONSE_STREAM";
  MaxDurationSeconds: number;
  /** A body that it takes. */
  Example?: string | null;
  /** What kind of body it takes. */
  BodyType?: "json" | "text" | "file" | null;
}

/** Who the broker thinks is asking. */
export interface Me {
  issuer: string;
  subject: string;
  groups: string[];
  /** How AWS and the function called know this person. */
  session_name: string;
}

/** What `fetch` takes, and a path at the function's address, with its query. */
export interface FunctionRequest extends RequestInit {
  path?: string;
}

/**
 * An event of a task. The last is `result`; an `error` is thrown as `TaskError`.
 * `progress.code` is a short stable word, and another one begins a new step; `message` is
 * for people. A result of JSON has its `text` as the function wrote it: long numbers are
 * rounded in its `value` alone. Of an answer that is no stream of events `body` has the
 * bytes as they came, and while a text comes `bytes` those of each piece.
 */
export type TaskEvent =
  | { type: "start"; total?: number | null }
  | {
      type: "progress";
      done: number;
      total?: number | null;
      code?: string | null;
      message?: string | null;
    }
  | { type: "output"; text: string; bytes?: Uint8Array<ArrayBuffer> }
  | { type: "ping" }
  | { type: "result"; value: any; text?: string; body?: Blob };

/** Credentials for calls of one function. Times are the broker's, in milliseconds. */
export interface Grant {
  readonly url: string;
  readonly expiresAt: number;
}

export interface BrokerOptions {
  /** The broker's root; by default three folders above this module, as the broker serves it. */
  base?: string | URL;
  fetch?: typeof globalThis.fetch;
  /** This machine's clock, milliseconds. */
  clock?: () => number;
  /** For answers of the broker, milliseconds. Functions may take longer. */
  timeoutMs?: number;
}

/**
 * The broker, and whoever is logged in to it. The tokens and the AWS credentials are in
 * private fields and nowhere else; a reload forgets them.
 *
 * What asks the broker throws `BrokerError`, `UnreachableError` or, where nobody is logged
 * in, or no longer, `LoginEndedError`.
 */
export class Broker {
  constructor(options?: BrokerOptions);
  /** The broker's clock, milliseconds: this machine's may be wrong by hours. */
  now(): number;
  /** Whether somebody is logged in, as far as is known without asking. */
  get signedIn(): boolean;
  /**
   * Throws `BrokerError` of type `urn:aikagi:problem:login-refused`, and
   * `urn:aikagi:problem:password-change-required` for a password that was given for once.
   */
  login(username: string, password: string): Promise<void>;
  /** The issuers that people sign in through instead; none where the broker is older. */
  issuers(): Promise<Issuer[]>;
  /** What signs in through them, which is loaded now. */
  signIn(): Promise<SignIn>;
  /**
   * Replace a password, of whoever knows it; nobody has to be logged in. Logins begun
   * before can be renewed no more.
   *
   * Throws `BrokerError` of type `urn:aikagi:problem:login-refused` for the old one, and
   * `urn:aikagi:problem:new-password-refused` for the new one.
   */
  changePassword(username: string, password: string, newPassword: string): Promise<void>;
  /**
   * Forget everything, and tell the broker, or the issuer, that the login is over. Never
   * throws: what does not reach them ends by itself.
   */
  logout(): Promise<void>;
  /** Forget everything at once. A call that waits for its grant is given up. */
  signOut(): void;
  me(): Promise<Me>;
  /** The functions in reach. */
  functions(): Promise<FunctionEntry[]>;
  /** A grant that is good for a call now: the one held, or a new one. */
  grant(name: string): Promise<Grant>;
  /** The grant that a call would use or renew, if there is one; nothing is asked. */
  cachedGrant(name: string): Grant | undefined;
  /**
   * Call a function. Whatever status it answers with is returned. It is asked a second
   * time only where Lambda itself refused the first, or a GET or HEAD found no answer.
   *
   * Throws also `AddressError`, `UnreachableError`, and the reason of the request's signal.
   */
  fetch(name: string, request?: FunctionRequest): Promise<Response>;
  /** Call a function, as `fetch` does, and read its answer as events, in whatever form. */
  call(name: string, request?: FunctionRequest): Call;
  /**
   * Find out why calls of a function fail. Never throws. It starts none of the function's
   * work: what it sends is `GET /`, unsigned, and a `POST /` with a spoilt signature, which
   * Lambda refuses by itself; and `GET /` signed only where no call has reached the function
   * since the last that did not.
   */
  diagnose(name: string): Promise<Diagnosis>;
}

/** An issuer of OpenID Connect, as the broker lists it. */
export interface Issuer {
  /** What the broker calls it. */
  name: string;
  title: string;
  /** Its URL, below which its metadata are. */
  issuer: string;
  client_id: string;
  scopes: string[];
  /** Which of its tokens the broker takes. */
  send_token: "id_token" | "access_token";
}

/**
 * Signing in through an issuer: the page goes there, and comes back. All throw `IssuerError`
 * and `UnreachableError`.
 */
export interface SignIn {
  /** From whom the page has come back. */
  readonly issuer: Issuer | null;
  /**
   * Leave for the issuer. It leads back to `redirectUri`, by default this page without query
   * and fragment, and has to know that address. `silent` asks nothing of the person: where
   * the issuer would have to, it leads back with the error `login_required`.
   */
  begin(issuer: Issuer, options?: { silent?: boolean; redirectUri?: string }): Promise<void>;
  /**
   * Call it when the page starts: log in with what an issuer has led back with, and give the
   * page its address again. Null where none has.
   */
  complete(): Promise<{ issuer: Issuer; silent: boolean } | null>;
  /** Where the browser's own session at the issuer is ended, if there is such a place. */
  endSessionUrl(issuer: Issuer): Promise<string | null>;
}

export interface Diagnosis {
  /** A stable word. */
  cause:
    | "none"
    | "login-ended"
    | "access-ended"
    | "broker-unreachable"
    | "broker-failed"
    | "not-yours"
    | "clock"
    | "signature"
    | "expired"
    | "permission"
    | "refused"
    | "cors"
    | "cors-doubled"
    | "auth-type"
    | "unreachable"
    | "throttled"
    | "function-failed";
  /** For people. */
  title: string;
  advice: string;
  /** What was looked at, in order, up to what is wrong. */
  checks: {
    check:
      | "broker"
      | "clock"
      | "login"
      | "catalogue"
      | "grant"
      | "url"
      | "protection"
      | "aws-clock"
      | "cors"
      | "call";
    /** Null where it could not be seen. */
    ok: boolean | null;
    /** Of a fault. */
    cause: Diagnosis["cause"];
    /** For people. */
    detail: string;
    /** What is particular in the detail, for words of another language. */
    facts: Record<string, string | number>;
  }[];
}

/**
 * A call of a function, sent when this was made. Its events are read once, and no faster than
 * somebody takes them. Leaving the loop closes the connection; the function goes on.
 *
 * Reading throws what `fetch` throws, and `FunctionError`, `TaskError`, `MalformedError`
 * and `EndedEarlyError`.
 */
export class Call implements AsyncIterable<TaskEvent> {
  private constructor();
  /** Fulfilled when the request leaves, with its credentials: from then on the function may run. */
  readonly sent: Promise<void>;
  /** What the answer says of itself, as soon as it begins. */
  readonly response: Promise<Pick<Response, "status" | "statusText" | "headers" | "url">>;
  /**
   * NDJSON and server-sent events, streamed or at once, as they are; server-sent events of
   * another protocol are text. Of text the pieces, then a result with the whole; of JSON the
   * value, or the text where it is none; of anything else a Blob; of nothing null.
   */
  [Symbol.asyncIterator](): AsyncGenerator<TaskEvent, void, void>;
  /** The value of the result, when it has come. */
  result(): Promise<any>;
}

/** The broker refused, or failed, and said so (RFC 9457). */
export class BrokerError extends Error {
  readonly status: number;
  readonly type: string;
  readonly title: string;
  readonly detail: string | null;
  readonly requestId: string | null;
  readonly errors: { pointer?: string; detail: string }[];
  /** Seconds, where the broker named them. */
  readonly retryAfter: number | null;
  constructor(status: number, problem: Problem, retryAfter?: number | null);
}

/** Problem details, RFC 9457 section 3.1. */
export interface Problem {
  type?: string;
  title?: string;
  detail?: string;
  request_id?: string;
  errors?: { pointer?: string; detail: string }[];
}

/** Nobody is logged in, or no longer: nothing is left to renew the login with. */
export class LoginEndedError extends BrokerError {
  constructor(refusal?: BrokerError | null, title?: string, accessEnded?: boolean);
  /**
   * Whether a function refused credentials that were still good: then an operator has ended
   * this person's access, or everybody's.
   */
  readonly accessEnded: boolean;
}

/** The function answered with a status of 400 or more. The message is its own, if short. */
export class FunctionError extends Error {
  readonly status: number;
  /** The body, or its first 64 kB. */
  readonly text: string;
  /** The bytes that the text was read from, under their content type. */
  readonly body: Blob | null;
  /** Whether the text is only the beginning: more was sent, or should have come. */
  readonly isTruncated: boolean;
  readonly requestId: string | null;
  /** Lambda's name for it, where Lambda answered in the function's place. */
  readonly errorType: string | null;
  constructor(
    answer: Pick<Response, "status" | "headers">,
    text: string,
    body?: Blob | null,
    isTruncated?: boolean,
  );
}

/**
 * An issuer refused a sign-in: `error` is its word (`access_denied`). Or what came of it is
 * not to what was asked: `error` is what differs (`state`, `iss`, `nonce`, `aud` …).
 */
export class IssuerError extends Error {
  readonly error: string;
  constructor(error: string, description?: string);
}

/** No answer came. The browser does not say why: the network, CORS, a blocker. */
export class UnreachableError extends Error {
  readonly what: "broker" | "function" | "issuer";
  constructor(what: "broker" | "function" | "issuer", cause: unknown);
}

/** The request would have gone to another address than the function's, with credentials. */
export class AddressError extends Error {}

/** What came from the function is not what its content type promises. */
export class MalformedError extends Error {}

/** The stream stopped before its last event: nobody knows how the task went on. */
export class EndedEarlyError extends Error {
  /** How many events had come. */
  readonly events: number;
  constructor(events: number, cause?: unknown);
}

/** The task itself says that it failed. */
export class TaskError extends Error {
  readonly code: string;
  constructor(code: string, message: string);
}

/** Where a path leads on a function's address, written as it is signed, or `AddressError`. */
export function addressOf(path: string, functionUrl: string): URL;

// Every address is relative, so the page works behind a stage path too.
const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", paint);
paint();

// The description says ".": it does not know where it is served. A reader wants to see it.
const base = new URL(".", location.href).href.replace(/\/$/, "");
const withAddress = (update) => (description) =>
  update({ ...description, servers: [{ url: base }] });

globalThis.SwaggerUIBundle({
  dom_id: "#api",
  url: "openapi.json",
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false, // a token lives in this page's memory only
  tryItOutEnabled: true,
  plugins: [{ statePlugins: { spec: { wrapActions: { updateJsonSpec: withAddress } } } }],
  validatorUrl: null, // the default sends the description to a validator of theirs
});

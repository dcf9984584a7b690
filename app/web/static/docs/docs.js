// Every address is relative, so the page works behind a stage path too.
const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", paint);
paint();

globalThis.SwaggerUIBundle({
  dom_id: "#api",
  url: "openapi.json",
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false, // a token lives in this page's memory only
  tryItOutEnabled: true,
  validatorUrl: null, // the default sends the description to a validator of theirs
});

// Runs before anything is painted: the colours that were chosen on this device, and what this page will need in a moment.

{
  /** @param {string} name */
  const kept = (name) => {
    try {
      return localStorage.getItem(name) ?? "";
    } catch {
      return "";
    }
  };
  const theme = kept("theme");
  if (theme === "dark" || theme === "light") document.documentElement.style.colorScheme = theme;

  const chosen = kept("language");
  const german = chosen === "" ? navigator.language.toLowerCase().startsWith("de") : chosen === "de";
  document.documentElement.lang = german ? "de" : "en";

  /** @param {Record<string, string>} facts */
  const soon = (facts) => document.head.append(Object.assign(document.createElement("link"), facts));
  const folder = document.currentScript instanceof HTMLScriptElement ? document.currentScript.src : "";
  const texts = new URL(`texts.${document.documentElement.lang}.json`, folder).href;
  soon({ rel: "preload", as: "fetch", crossOrigin: "anonymous", href: texts });
  const [, screen] = /^#\/([a-z]+)/.exec(location.hash) ?? [];
  if (screen && screen !== "home") soon({ rel: "modulepreload", href: new URL(`screens/${screen}.js`, folder).href });
}

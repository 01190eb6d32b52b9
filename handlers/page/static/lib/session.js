// Who is logged in. A token becomes a cookie that scripts cannot read; it is never kept here.

import { get, send } from "./api.js";

/** Where somebody was who had to log in first. */
let backTo = "";

/**
 * Logs in. Raises ApiError, with the hub's sentence, where the token is wrong.
 * @param {string} token
 * @param {boolean} remember
 */
export function logIn(token, remember) {
  return send("POST", "/api/v1/session", { token: token.trim(), remember });
}

/** Logs out on this device. */
export function logOut() {
  return send("DELETE", "/api/v1/session", undefined, { repeat: true });
}

/** What `GET /api/v1/session` says of the one who calls. */
export function whoIsLoggedIn() {
  return get("/api/v1/session");
}

/**
 * The token of a link (the QR code of `token new`). It leaves the address at once: it must not stay in the history, nor be
 * copied with it.
 */
export function tokenFromAddress() {
  const found = /[#&]token=([^&]*)/.exec(location.hash);
  if (found === null) return "";
  history.replaceState(null, "", location.pathname + location.search);
  try {
    return decodeURIComponent(found[1] ?? "");
  } catch {
    return "";
  }
}

/** Remembers the address to go back to after the log-in. @param {string} hash */
export function rememberPlace(hash) {
  if (!hash.startsWith("#/login")) backTo = hash;
}

/** Where to go after the log-in. */
export function placeBefore() {
  return backTo || "#/home";
}

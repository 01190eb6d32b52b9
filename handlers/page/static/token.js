"use strict";
// The token: given in the address (the QR code of `token new`), in the form, or kept from before: for this tab, or for this device.

const KEY = "token";
let token = "";

function stored(place, value) {  // reads, writes, or removes (null); a browser may forbid the place altogether
  try {
    const store = globalThis[place];
    if (value === undefined) return store.getItem(KEY) || "";
    if (value === null) store.removeItem(KEY); else store.setItem(KEY, value);
  } catch (error) { /* then the token lives as long as the page */ }
  return "";
}
function useToken(given, remember) {
  const wanted = given.trim();
  if (!/^[!-~]+$/.test(wanted)) return;  // what a header cannot carry is no token
  token = wanted;
  stored("sessionStorage", token);
  if (remember) stored("localStorage", token);
  showDevice();
}
// The token leaves the address at once: it must not stay in the history, nor be copied with it.
function takeFromAddress() {
  const found = /[#&]token=([^&]*)/.exec(location.hash);
  if (!found) return false;
  history.replaceState(null, "", location.pathname + location.search);
  try { useToken(decodeURIComponent(found[1]), false); } catch (error) { return false; }
  return true;
}
// After a refusal: what this device remembers may still be good, where a link or the form brought a wrong one.
function fallBack() {
  const kept = stored("localStorage");
  if (!kept || kept === token) return false;
  token = kept;
  stored("sessionStorage", null);
  showDevice();
  return true;
}
function showDevice() {
  const remembered = Boolean(token) && stored("localStorage") === token;
  byId("device").hidden = !token;
  write("device-text", remembered ? "This device is remembered: whoever uses it can post." : "The token is kept until this tab is closed.");
  byId("device-act").textContent = remembered ? "forget this device" : "remember this device";
}
function rememberOrForget() {
  if (stored("localStorage") !== token) {
    stored("localStorage", token);
  } else {
    token = "";
    stored("localStorage", null);
    stored("sessionStorage", null);
  }
  showDevice();
  refresh();
}

token = stored("sessionStorage") || stored("localStorage");

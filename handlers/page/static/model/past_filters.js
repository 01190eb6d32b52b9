// The filters of a list of posts that ended: what came of them, account, phone and text; kept in the address.

import { fill, h } from "../lib/dom.js";
import { keepFilters, placeNow, to } from "../lib/router.js";
import { t } from "../lib/texts.js";
import { taskFilters } from "./filters.js";

/** What is shown, and the API's filters for it. @type {Record<string, Record<string, string | number>>} */
const SHOWN = { all: {}, completed: { status: 2 }, failed: { status: 3 }, unknown: { outcome: "unknown", status: 3 } };

/**
 * @param {import("../lib/router.js").Visit} visit
 * @param {string} screen
 * @param {() => Record<string, string>} [more] further filters of this screen in the address
 */
export function pastFilters(visit, screen, more = () => ({})) {
  let params = visit.params;
  const chips = h("div", { class: "chips", role: "group", "aria-label": t("history.filter") });
  const filters = taskFilters(params, changed);

  function shown() {
    const name = params.get("show") ?? "all";
    return name in SHOWN ? name : "all";
  }

  /** What the address keeps. */
  function kept() {
    return { show: params.get("show"), ...filters.values(), ...more() };
  }

  function changed() {
    keepFilters(kept());
    params = placeNow().params;
    void visit.reload();
  }

  async function load() {
    await filters.load();
    fill(
      chips,
      Object.keys(SHOWN).map((name) =>
        h(
          "a",
          {
            class: "chip",
            href: to(screen, visit.id, { ...kept(), show: name === "all" ? "" : name }),
            "aria-current": name === shown() ? "true" : null,
          },
          t(`history.${name}`),
        ),
      ),
    );
  }

  /** Takes what the address says. @param {URLSearchParams} fresh */
  function take(fresh) {
    params = fresh;
    filters.take(fresh);
  }

  return {
    node: filters.node,
    chips,
    load,
    take,
    changed,
    kept,
    showsAll: () => shown() === "all",
    isFiltered: () => shown() !== "all" || Object.values({ ...filters.values(), ...more() }).some(Boolean),
    /** What the API is asked for. */
    query: () => ({ ...SHOWN[shown()], ...filters.query() }),
  };
}

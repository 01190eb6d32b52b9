// What doctor finds, on request.

import { ApiError, raw } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { badge, button, card, fold } from "../lib/parts.js";
import { spoken, spokenName, spokenNode } from "../lib/spoken.js";
import { capital, t } from "../lib/texts.js";

/** @typedef {{ level: "ok" | "warn" | "FAIL", subject: string, sentence: string, fix: string }} Finding */

/** How long one call for doctor may take; it answers within 25 s with what it has. */
const DOCTOR_MS = 60_000;
const AGAIN_MS = 1500;

/**
 * Each look asks every phone.
 * @param {AbortSignal} signal
 */
export function doctorCard(signal) {
  const verdict = h("p", { role: "status" });
  const list = h("ul", { class: "rows" });
  const well = h("div");

  async function look() {
    fill(list);
    fill(well);
    fill(verdict, t("system.looking"));
    for (;;) {
      const answer = await raw("GET", "/api/v1/doctor", undefined, { signal, wait_ms: DOCTOR_MS });
      const found = await answer.json();
      if (found.code !== 0) throw new ApiError(found.message, { code: found.code, status: answer.status });
      draw(found.data);
      if (found.data.complete) return;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  /** @param {{ findings: Finding[], complete: boolean, can_post: boolean, verdict: string }} report */
  function draw(report) {
    const open = report.findings.filter((one) => one.level !== "ok");
    const good = report.findings.filter((one) => one.level === "ok");
    const kind = report.can_post ? "good" : "bad";
    fill(verdict, report.complete ? badge(kind, spoken(capital(report.verdict))) : t("system.looking"));
    fill(list, open.map(findingRow));
    fill(well, good.length > 0 && fold(t("system.well", { n: good.length }), h("ul", { class: "rows" }, good.map(findingRow))));
  }

  return card(
    "stack",
    h("h2", null, t("system.doctor")),
    h("p", { class: "calm" }, t("system.doctor_how")),
    h("div", { class: "buttons" }, button(t("system.check"), look, { icon: "search" })),
    verdict,
    list,
    well,
  );
}

/** @param {Finding} one */
function findingRow(one) {
  const [kind, word] =
    one.level === "FAIL"
      ? /** @type {const} */ (["bad", t("system.fails")])
      : one.level === "warn"
        ? /** @type {const} */ (["warn", t("system.warns")])
        : /** @type {const} */ (["good", t("system.is_well")]);
  return h(
    "li",
    { class: "finding" },
    badge(kind, word),
    h(
      "div",
      null,
      h("p", null, h("b", null, capital(spokenName(one.subject))), " ", spokenNode(one.sentence)),
      one.fix && h("p", { class: "calm small-text" }, t("system.fix"), " ", spokenNode(one.fix)),
    ),
  );
}

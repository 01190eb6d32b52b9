// New post: files, accounts, a caption and a time become one task per account.

import { get, newKey, send } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { appName, field, heading, whileBusy } from "../lib/parts.js";
import { to } from "../lib/router.js";
import { t } from "../lib/texts.js";
import { forInput, now } from "../lib/times.js";
import { loadPhones, phoneName } from "../model/phones.js";

/**
 * @param {import("../lib/router.js").Visit} visit
 * @returns {Promise<import("../lib/router.js").Screen>}
 */
export default async function compose(visit) {
  const [found] = await Promise.all([get("/api/v1/accounts?status=0&page_size=100", { signal: visit.signal }), loadPhones()]);
  let key = newKey();
  const files = h("input", { type: "file", name: "files", multiple: true, accept: "video/*,image/*", required: true });
  const caption = h("textarea", { name: "caption" });
  const at = h("input", { type: "datetime-local", name: "start", value: forInput(now() + 3_600_000) });
  const later = h("input", { type: "radio", name: "when" });
  const label = h("input", { type: "checkbox", name: "ai" });
  const act = h("button", { type: "submit", class: "button primary" });
  const done = h("div", { role: "status" });
  /** @type {{ account: any, box: HTMLInputElement }[]} */
  const choices = found.accounts.map((/** @type {any} */ account) => ({
    account,
    box: h("input", { type: "checkbox", on: { change: count } }),
  }));

  function count() {
    const n = choices.filter((one) => one.box.checked).length;
    act.textContent = t("compose.post_to", { n });
    act.disabled = n === 0;
  }

  async function post() {
    /** @type {number[]} */
    const ids = [];
    for (const file of files.files ?? []) {
      const answer = await send("POST", `/api/v1/materials?${new URLSearchParams({ name: file.name })}`, file, {
        repeat: true,
        wait_ms: 600_000,
      });
      ids.push(answer.material.id);
    }
    const isImages = [...(files.files ?? [])].every((file) => file.type.startsWith("image/"));
    /** @type {number[]} */
    const made = [];
    for (const platform of ["tiktok", "instagram"]) {
      const usernames = choices
        .filter((one) => one.box.checked && one.account.platform === platform)
        .map((one) => one.account.username);
      if (usernames.length === 0) continue;
      const config = {
        captions: caption.value,
        material_ids: ids,
        ai_label: label.checked,
        ...(isImages ? { content_type: 1, image_count: ids.length } : {}),
      };
      const body = {
        usernames,
        platform,
        script_name: "post",
        script_config: config,
        ...(later.checked ? { start_time: at.value.replace("T", " ") } : {}),
      };
      const answer = await send("POST", "/api/v1/task", body, { key: `${key}-${platform}` });
      made.push(...answer.task_ids);
    }
    fill(
      done,
      h("p", null, t("compose.made")),
      made.map((id) => h("p", null, h("a", { href: to("task", id) }, t("tasks.task", { id: String(id) })))),
    );
    key = newKey();
    form.reset();
    count();
  }

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    if (!act.disabled) void whileBusy(act, post());
  }

  const form = h(
    "form",
    { class: "card stack", on: { submit } },
    field(t("compose.files"), files),
    h(
      "fieldset",
      { class: "choice" },
      h("legend", { class: "field-label" }, t("compose.accounts")),
      choices.map(({ account, box }) =>
        h(
          "label",
          { class: "tick" },
          box,
          h("span", null, `@${account.username}, ${appName(account.platform)} ${phoneName(account.device)}`),
        ),
      ),
    ),
    field(t("compose.caption"), caption),
    h(
      "fieldset",
      { class: "choice" },
      h("legend", { class: "field-label" }, t("compose.when")),
      h(
        "label",
        { class: "tick" },
        h("input", { type: "radio", name: "when", checked: true }),
        h("span", null, t("compose.now")),
      ),
      h("label", { class: "tick" }, later, h("span", null, t("compose.at"))),
    ),
    field(t("compose.start"), at),
    h("label", { class: "tick" }, label, h("span", null, t("compose.ai_label"))),
    h("div", { class: "buttons" }, act),
  );
  count();
  return { title: t("compose.title"), node: h("div", { class: "stack" }, heading(t("compose.title")), form, done) };
}

// The administration's few moves of its own; everything else is links, forms and htmx.
(() => {
  "use strict";
  const $ = (what, from = document) => from.querySelector(what);
  const all = (what, from = document) => [...from.querySelectorAll(what)];
  const typing = (element) => element && element.matches("input:not([type=checkbox]):not([type=radio]), select, textarea");

  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRF"] = $("meta[name=csrf]").content;
    for (const name of Object.keys(event.detail.parameters)) {
      if (name.startsWith("_q.")) { event.detail.parameters.q = event.detail.parameters[name]; delete event.detail.parameters[name]; }
    }
  });
  // A refusal comes as a page too: what it says is worth showing.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "rows") return;
    for (const link of all("[data-export]")) {
      const query = new URL(location.href).searchParams;
      for (const name of ["after", "before", "col"]) query.delete(name);
      link.href = location.pathname + "/export." + link.dataset.export + "?" + query;
    }
  });

  // All rooms on a phone, the list of keys, what is unfolded
  document.addEventListener("click", (event) => {
    for (const each of all("details.pop[open]")) if (!each.contains(event.target)) each.open = false;
    const button = event.target.closest("button");
    if (!button) return;
    if (button.matches(".open-rooms")) {
      const shown = $("#rooms").classList.toggle("shown");
      button.setAttribute("aria-expanded", shown);
      if (shown) $("#rooms a").focus();
    } else if (button.matches(".keys")) $("#keys").showModal();
    else if (button.matches("[data-print]")) print();
    else if (button.matches("[data-add=row]")) addRow(button.closest("[data-rows]"));
    else if (button.matches("[data-drop=row]")) dropRow(button);
    else if (button.matches("[data-pick]")) picked(button);
  });

  function addRow(rows) {
    const list = $(".rowlist", rows);
    const counts = $("template", rows).content.querySelector("input[name$='.#']").name; // others of this name may stand elsewhere
    const used = new Set(all("input[name$='.#']", rows.closest("form")).filter((each) => each.name === counts).map((each) => each.value));
    let next = 0;
    while (used.has(String(next))) next += 1;
    const made = document.createElement("template");
    made.innerHTML = $("template", rows).innerHTML.replaceAll("__n__", String(next));
    list.append(made.content);
    htmx.process(list.lastElementChild);
    $("input:not([type=hidden]), select", list.lastElementChild)?.focus();
    dirty = true;
  }
  function dropRow(button) {
    const rows = button.closest("[data-rows]");
    button.closest("li").remove();
    $("[data-add=row]", rows).focus();
    dirty = true;
  }

  // References that are searched
  function picked(button) {
    const picker = button.closest(".picker"), search = $("input[type=search]", picker);
    const name = button.textContent.trim();
    if (picker.dataset.picker === "one") {
      $("input[type=hidden]", picker).value = button.dataset.pick;
      search.value = name;
    } else if (!$(`input[value="${button.dataset.pick}"]`, picker)) {
      const chip = document.createElement("label"), box = document.createElement("input");
      chip.className = "chip";
      Object.assign(box, { type: "checkbox", name: picker.dataset.name, value: button.dataset.pick, checked: true });
      chip.append(box, " " + name);
      $(".chips", picker).append(chip);
      search.value = "";
    }
    $(".picked", picker).replaceChildren();
    search.focus();
    dirty = true;
  }
  document.addEventListener("input", (event) => {
    const picker = event.target.closest(".picker[data-picker=one]");
    if (picker && event.target.type === "search") $("input[type=hidden]", picker).value = "";
    if (event.target.dataset.colourOf) { document.getElementById(event.target.dataset.colourOf).value = event.target.value.toUpperCase(); event.target.classList.remove("unset"); }
    if (event.target.dataset.colour && /^#[0-9a-f]{6}$/i.test(event.target.value)) { const swatch = document.getElementById(event.target.dataset.colour); swatch.value = event.target.value; swatch.classList.remove("unset"); }
  });
  document.addEventListener("focusout", (event) => {
    const picker = event.target.closest(".picker");
    if (picker && !picker.contains(event.relatedTarget)) $(".picked", picker).replaceChildren();
    const find = event.target.closest(".find");
    if (find && !find.contains(event.relatedTarget)) $("#found").replaceChildren();
  });

  // Pictures travel as text in the form
  document.addEventListener("change", (event) => {
    const file = event.target.dataset.picture && event.target.files[0];
    if (!file) return;
    const reader = new FileReader();
    reader.onload = () => {
      const box = event.target.closest(".picture");
      $("input[type=hidden]", box).value = reader.result;
      const shown = $("img", box) || box.insertBefore(document.createElement("img"), box.firstChild);
      shown.src = reader.result;
      shown.alt = file.name;
    };
    reader.readAsDataURL(file);
  });

  // Times that belong together move with the first of them, by the same distance
  const wall = (text) => Date.parse(text + "Z"); // as the clock on the wall says: doors stay 45 minutes before
  document.addEventListener("focusin", (event) => { if (event.target.type === "datetime-local") event.target.dataset.was ??= event.target.value; });
  document.addEventListener("change", (event) => {
    const group = event.target.closest("[data-together]"), times = group ? all("input[type=datetime-local]", group) : [];
    if (event.target !== times[0]) return;
    const by = wall(event.target.value) - wall(event.target.dataset.was || event.target.defaultValue);
    if (!Number.isFinite(by)) return;
    event.target.dataset.was = event.target.value;
    for (const time of times.slice(1)) if (time.value) time.value = new Date(wall(time.value) + by).toISOString().slice(0, 16);
  });

  // Who holds a branch of the rights holds all that hangs on it; taken away, each box is as it was
  const branches = (node) => node === "*" ? [] : ["*", ...node.split(".").slice(0, -1).map((_, n, parts) => parts.slice(0, n + 1).join("."))];
  document.addEventListener("change", (event) => {
    const rights = event.target.closest(".rights"), held = new Set();
    for (const box of rights ? all("input[type=checkbox]", rights) : []) {
      const through = branches(box.value).some((branch) => held.has(branch));
      if (through !== box.hasAttribute("data-through")) {
        if (through) box.dataset.own = box.checked;
        box.checked = through || box.dataset.own === "true";
        box.toggleAttribute("data-through", through);
        box.disabled = through || box.hasAttribute("data-shut");
      }
      if (box.checked && !through) held.add(box.value);
    }
  });

  // What was typed is not lost by a slip
  let dirty = false;
  document.addEventListener("input", (event) => { if (event.target.closest("[data-guard]")) dirty = true; });
  document.addEventListener("submit", () => { dirty = false; });
  window.addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });

  // Rows: choose, walk, open
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-all]")) for (const box of all("tbody .pick input", event.target.closest("table"))) box.checked = event.target.checked;
  });
  function walk(step) {
    const links = all("table.list a.open");
    if (!links.length) return false;
    const row = document.activeElement?.closest("tr");
    const at = links.findIndex((link) => link.closest("tr") === row);
    links[at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + step))].focus();
    return true;
  }
  function options(step) {
    const box = document.activeElement?.closest(".picker, .find");
    const found = box && all(".picked button, #found a", box);
    if (!found || !found.length) return false;
    const at = found.indexOf(document.activeElement) + step;
    (at < 0 ? $("input[type=search]", box) : found[Math.min(at, found.length - 1)]).focus();
    return true;
  }

  document.addEventListener("keydown", (event) => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const act = (done) => { if (done !== false) event.preventDefault(); };
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && $("#find")) return act($("#find").select() || $("#find").focus());
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s" && $("[data-key=save]")) return act($("[data-key=save]").click());
    if (event.key === "Escape") {
      if (document.activeElement?.closest(".find")) { $("#found").replaceChildren(); document.activeElement.blur(); }
      for (const each of all(".picked")) each.replaceChildren();
      for (const each of all("details.pop[open]")) each.open = false;
      $("#rooms")?.classList.remove("shown");
      return;
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (options(step)) return act();
      if (!typing(document.activeElement)) return act(walk(step));
      return;
    }
    if (event.key === "Enter" && document.activeElement?.matches(".picker input[type=search]")) {
      const first = $(".picked button", document.activeElement.closest(".picker"));
      return act(first ? picked(first) : undefined);
    }
    if (!plain || typing(document.activeElement) || document.querySelector("dialog[open]")) return;
    if (event.key === " " && document.activeElement?.matches("a.open")) {
      const box = $(".pick input", document.activeElement.closest("tr"));
      return box ? act(box.click()) : undefined;
    }
    const press = { n: "[data-key=new]", e: "[data-key=edit]" }[event.key.toLowerCase()];
    if (press && $(press)) return act($(press).click());
    if (event.key === "/" && $("[data-key=filter]")) return act($("[data-key=filter]").focus());
    if (event.key.toLowerCase() === "g" && $("#rooms a")) return act($("#rooms [aria-current], #rooms a").focus());
    if (event.key === "?" && $("#keys")) return act($("#keys").showModal());
  });

  // The first wrong answer is where one wants to be, or else the first field of a form
  document.addEventListener("DOMContentLoaded", () => {
    const fields = "input:not([type=hidden], [type=checkbox], [type=radio], [type=file], [type=color], [readonly]):enabled, select:enabled, textarea:enabled";
    const form = $("form.sheet[data-guard], .setup-sheet form");
    const open = form ? all(fields, form).filter((each) => each.offsetParent && !each.closest("details:not([open])")) : [];
    const needed = (each) => $(".needed, .must", each.closest(".field") || each);
    const empty = open.filter((each) => !each.value);
    const first = $("[aria-invalid=true]") || $("#faults") || empty.find(needed) || empty[0] || open[0] || $("button.main", form || document.createElement("p"));
    if (first) first.focus();
  });
  // The browser knows its own zone better than its languages do; nothing that was chosen is changed
  document.addEventListener("DOMContentLoaded", () => {
    const zones = $("select[data-guess=zone]"), here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const known = zones && [...zones.options].find((each) => each.value === here);
    if (!known) return;
    known.selected = true;
    const paid = [...($("#currency")?.options || [])].find((each) => each.value && each.value === known.dataset.currency);
    if (paid) paid.selected = true;
  });
})();

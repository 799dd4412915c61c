// Find anything: Ctrl-K leads to the box, arrows walk through what was found, Enter opens it, Escape closes.
(() => {
  const box = document.getElementById("find");
  const list = document.getElementById("found");
  if (!box || !list) return;
  const hits = () => [...list.querySelectorAll('[role="option"]')];
  const chosen = () => list.querySelector('[aria-selected="true"]');
  box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", "found");
  box.setAttribute("aria-expanded", "false");

  const choose = (hit) => {
    chosen()?.setAttribute("aria-selected", "false");
    if (!hit) return box.removeAttribute("aria-activedescendant");
    hit.setAttribute("aria-selected", "true");
    hit.scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", hit.id);
  };
  const close = () => {
    list.replaceChildren();
    box.setAttribute("aria-expanded", "false");
    choose(null);
  };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      box.focus();
      box.select();
    }
  });
  box.addEventListener("keydown", (event) => {
    const all = hits();
    const at = all.indexOf(chosen());
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!all.length) return;
      event.preventDefault();
      choose(all[(at + (event.key === "ArrowDown" ? 1 : at < 0 ? 0 : -1) + all.length) % all.length]);
    } else if (event.key === "Home" && at >= 0) {
      event.preventDefault();
      choose(all[0]);
    } else if (event.key === "End" && at >= 0) {
      event.preventDefault();
      choose(all[all.length - 1]);
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      all[at].click();
    } else if (event.key === "Escape" && list.children.length) {
      event.preventDefault();
      close();
    }
  });
  list.addEventListener("htmx:afterSwap", () => {
    box.setAttribute("aria-expanded", String(hits().length > 0));
    choose(hits()[0] ?? null);
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".find")) close();
  });
  document.addEventListener("focusin", (event) => {
    if (!event.target.closest(".find")) close();
  });
})();

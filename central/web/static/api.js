// Filters the list, and sends what stands in the form with the session of who is signed in.
(() => {
  const one = (id) => document.getElementById(id);
  const find = one("api-find");
  if (find) {
    const lines = [...document.querySelectorAll("[data-find]")];
    const filter = () => {
      const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const line of lines) line.hidden = !words.every((word) => line.dataset.find.includes(word));
      for (const part of document.querySelectorAll("[data-kind]")) part.hidden = !part.querySelector("li:not([hidden])");
      const left = lines.filter((line) => !line.hidden).length;
      one("api-count").textContent = words.length ? `${left} / ${lines.length}` : "";
      one("api-none").hidden = left > 0;
    };
    find.addEventListener("input", filter);
    find.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      const first = lines.find((line) => !line.hidden);
      if (first) location.href = first.querySelector("a").href;
    });
    filter();
  }

  const form = one("try");
  if (!form) return;
  const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const freshId = () => {
    let time = Date.now(), text = "";
    for (let n = 0; n < 10; n++, time = Math.floor(time / 32)) text = LETTERS[time % 32] + text;
    for (const byte of crypto.getRandomValues(new Uint8Array(16))) text += LETTERS[byte % 32];
    return text;
  };
  const body = one("body"), dry = one("dry"), send = one("send");
  let id = freshId();  // one per content: pressing twice does it once
  const asked = () => {
    const words = new URLSearchParams();
    for (const field of form.querySelectorAll("[data-parameter]")) {
      if (field.value !== "") words.set(field.dataset.parameter, field.value);
    }
    if (dry && dry.checked) words.set("dry_run", "1");
    const query = words.toString();
    return form.dataset.path + (query ? "?" + query : "");
  };
  const quoted = (text) => "'" + text.replaceAll("'", "'\\''") + "'";
  const show = () => {
    const parts = ["curl"];
    if (form.dataset.open !== "1") parts.push('-u "$OPERATOR:$KEY"');
    if (body) parts.push(`-H 'Idempotency-Key: ${id}'`, "-H 'Content-Type: application/json'", `-d ${quoted(body.value)}`);
    parts.push(quoted(form.dataset.origin + asked()));
    one("curl").textContent = parts.join(" \\\n  ");
    if (dry) {
      send.textContent = dry.checked ? send.dataset.dry : send.dataset.real;
      send.className = dry.checked ? "main" : "stop";
    }
  };
  form.addEventListener("input", () => { id = freshId(); show(); });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    const status = one("status"), answer = one("answer");
    try {
      const headers = { "X-CSRF": document.querySelector("meta[name=csrf]").content };
      if (body) Object.assign(headers, { "Idempotency-Key": id, "Content-Type": "application/json" });
      const said = await fetch(asked(), { method: form.dataset.method, headers, body: body ? body.value : undefined });
      const text = await said.text();
      let shown = text;
      try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* as it came */ }
      status.textContent = `${said.status} ${said.statusText}`;
      status.className = said.ok ? "ok" : "stop";
      answer.textContent = shown;
    } catch (fault) {
      status.textContent = String(fault.message || fault);
      status.className = "stop";
      answer.textContent = "";
    }
    one("outcome").hidden = false;
    send.disabled = false;
    if (dry && dry.checked) { id = freshId(); show(); }  // a dry run is not kept: the real one gets an id of its own
  });
  show();
})();

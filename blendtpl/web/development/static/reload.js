/* Keeps a page as its templates are: what has changed since it was made is told by the server. */
(() => {
  "use strict";
  const own = document.currentScript;
  if (!own || !window.EventSource || window.blendtplReloads) return;
  window.blendtplReloads = true;
  const page = own.dataset.page, url = own.dataset.events, key = "blendtpl:" + location.pathname;
  const seen = JSON.parse(own.dataset.styles);
  let source = null, start = null;

  const reload = (state) => {
    if (own.dataset.stays) return;
    // once for what there is: a page that some cache answers with is not asked for without end
    const wanted = state.start + state.page;
    if (sessionStorage.getItem(key) === wanted) return;
    sessionStorage.setItem(key, wanted);
    stop();
    location.reload();
  };

  const swap = (name, time) => {
    for (const link of document.querySelectorAll("link[rel~=stylesheet][href]")) {
      if (link.dataset.blendtplReplaced) continue;
      const address = new URL(link.href);
      if (address.origin !== location.origin || !("/" + decodeURIComponent(address.pathname)).endsWith("/" + name)) continue;
      address.searchParams.set("blendtpl", time);
      const next = link.cloneNode();
      next.href = address.href;
      // the old one stays until the new one is there, so that the page is never without
      link.dataset.blendtplReplaced = "yes";
      next.addEventListener("load", () => link.remove());
      next.addEventListener("error", () => { next.remove(); delete link.dataset.blendtplReplaced; });
      link.after(next);
    }
  };

  const told = (event) => {
    const state = JSON.parse(event.data);
    // of several processes another may answer than the one that made the page: only one that is new here counts
    const restarted = start !== null && state.start !== start;
    start = state.start;
    if (state.page !== page || restarted) return reload(state);
    sessionStorage.removeItem(key);
    for (const [name, time] of Object.entries(state.styles)) {
      if (seen[name] === time) continue;
      seen[name] = time;
      swap(name, time);
    }
  };

  const stop = () => { if (source) source.close(); source = null; };
  const go = () => {
    if (source || document.hidden) return;
    source = new EventSource(url);
    source.onmessage = told;
    source.onerror = () => {
      // what was refused is not asked for again by the browser itself
      if (source && source.readyState === EventSource.CLOSED) { stop(); setTimeout(go, 1000); }
    };
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : go()));
  window.addEventListener("pagehide", stop);
  window.addEventListener("pageshow", go);
  go();
})();

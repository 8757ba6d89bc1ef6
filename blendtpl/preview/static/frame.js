// The frame: a document that may do nothing, as wide as a device, and as small as it has to be to be seen whole.

// pixels: how wide, and how high at most; mail is read beside lists of folders and of messages
const WIDTHS = { phone: [390, 844], tablet: [768, 1024], desktop: [1280, Infinity], pane: [960, Infinity] };

const $ = (id) => document.getElementById(id);

export function showFrame(asked, token) {
  $("device").hidden = $("caption").hidden = !token;
  const source = token ? `/frame/${token}?${new URLSearchParams({ scheme: asked.scheme, images: asked.images })}` : "";
  const glass = $("glass");
  if (glass.dataset.source !== source) {
    glass.dataset.source = source;
    if (!source) glass.replaceChildren();
    else {
      const frame = document.createElement("iframe");
      // no scripts, no pop-ups, no forms; and where nothing runs, nothing is done with the
      // origin of this page, which is there so that this page can read how far a frame is scrolled
      frame.setAttribute("sandbox", "allow-same-origin");
      const shown = JSON.stringify([asked.item, asked.example]);
      frame.referrerPolicy = "no-referrer";
      frame.title = `${asked.item}, ${asked.example || "without variables"}`;
      frame.style.colorScheme = asked.scheme === "dark" ? "dark" : "light"; // which the document in it prefers then
      frame.src = source;
      // the old one stays until the new one is there, or every key would flash; one that comes
      // late, when the next has been asked for, goes, and takes only those before it along
      frame.addEventListener("load", () => {
        const before = frame.previousElementSibling?.matches(".ready") ? frame.previousElementSibling : null;
        if (before?.dataset.shown === shown) scrollAs(frame.contentWindow, before.contentWindow);
        frame.dataset.shown = shown;
        while (frame.previousElementSibling) frame.previousElementSibling.remove();
        frame.classList.add("ready");
      });
      glass.append(frame);
    }
  }
  fit(asked);
}

// whoever changes something far down wants to see it there
function scrollAs(fresh, old) {
  fresh.scrollTo({ left: old.scrollX, top: old.scrollY, behavior: "instant" });
}

export function fit(asked) {
  const device = $("device");
  if (device.hidden) return;
  const mail = asked.width === "desktop" && $("where").dataset.kind === "message";
  const [width, most] = WIDTHS[mail ? "pane" : asked.width];
  const canvas = $("canvas");
  const style = getComputedStyle(canvas);
  const room = canvas.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const scale = Math.min(1, room / width);
  device.style.width = `${width * scale}px`;
  device.style.maxHeight = Number.isFinite(most) ? `${most * scale}px` : "none";
  device.dataset.width = asked.width;
  device.dataset.scheme = asked.scheme;
  const glass = $("glass");
  glass.style.width = `${width}px`;
  glass.style.height = `${device.clientHeight / scale}px`;
  glass.style.transform = `scale(${scale})`;
  const remote = asked.images === "own" ? Number($("envelope").dataset.remote) : 0;
  const told = [`${width} pixels wide`, scale < 1 && `shown at ${Math.round(scale * 100)} %`];
  if (remote) told.push(`${remote} image${remote === 1 ? "" : "s"} of other hosts not fetched (i)`);
  $("caption").textContent = told.filter(Boolean).join(" · ");
}

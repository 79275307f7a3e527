// A swipe made of a figure's own picture: before on the left of the line, after on the right. Mouse, touch and keyboard.
for (const figure of document.querySelectorAll("figure[data-panels]")) {
  const box = figure.dataset.panels.split(" ").map(Number), picture = figure.querySelector("img");
  const fold = figure.querySelector("details.swipe");
  fold.hidden = false;
  fold.addEventListener("toggle", () => {
    if (!fold.open || fold.querySelector("canvas")) return;
    const stage = fold.querySelector(".stage"), line = fold.querySelector("input"), wide = picture.naturalWidth, high = picture.naturalHeight;
    const [before, after] = [box.slice(0, 4), box.slice(4)].map(([x, y, w, h]) => {
      const sheet = document.createElement("canvas");
      sheet.width = Math.round(w * wide);
      sheet.height = Math.round(h * high);
      sheet.getContext("2d").drawImage(picture, x * wide, y * high, w * wide, h * high, 0, 0, sheet.width, sheet.height);
      stage.append(sheet);
      return sheet;
    });
    const bar = document.createElement("span");
    bar.className = "bar";
    stage.append(bar);
    const show = () => {
      after.style.clipPath = `inset(0 0 0 ${line.value}%)`;
      bar.style.left = `${line.value}%`;
      line.setAttribute("aria-valuetext", `${line.value} % before, ${100 - line.value} % after`);
    };
    const move = (event) => {
      const edge = stage.getBoundingClientRect();
      line.value = 100 * (event.clientX - edge.left) / edge.width;
      show();
    };
    stage.addEventListener("pointerdown", (event) => { stage.setPointerCapture(event.pointerId); move(event); });
    stage.addEventListener("pointermove", (event) => { if (event.buttons || event.pointerType === "mouse") move(event); });
    line.addEventListener("input", show);
    before.setAttribute("role", "img");
    before.setAttribute("aria-label", picture.alt);
    after.setAttribute("aria-hidden", "true");
    show();
  });
}

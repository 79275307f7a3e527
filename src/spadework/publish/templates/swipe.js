// A box that scrolls can be reached by keyboard, one that does not is no stop on the way; it is faded where there is more to the right.
const mark = (box) => {
  const scrolls = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
  const said = { tabindex: "0", ...(box.matches(".picture") && { role: "group", "aria-label": "Picture, scrolls" }) };
  for (const [name, value] of Object.entries(said)) scrolls ? box.setAttribute(name, value) : box.removeAttribute(name);
  box.classList.toggle("more", box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
};
const sizes = new ResizeObserver((seen) => seen.forEach((entry) => mark(entry.target)));
for (const box of document.querySelectorAll(".picture, .scroll")) {
  sizes.observe(box);
  box.addEventListener("scroll", () => mark(box), { passive: true });
}
// A swipe made of a figure's own picture: before on the left of the line, after on the right. Mouse, touch and keyboard.
// It is drawn when it comes into view, and open by itself where the two panels do not fit beside each other.
const narrow = matchMedia("(max-width: 42rem)").matches;
const swipe = async (figure, stage) => {
  const box = figure.dataset.panels.split(" ").map(Number), picture = figure.querySelector("img");
  const line = figure.querySelector("details.swipe input");
  await picture.decode();
  const wide = picture.naturalWidth, high = picture.naturalHeight;
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
};
const sight = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) {
    if (!isIntersecting) continue;
    sight.unobserve(target);
    swipe(target.closest("figure"), target);
  }
}, { rootMargin: "400px" });
for (const figure of document.querySelectorAll("figure[data-panels]")) {
  const box = figure.dataset.panels.split(" ").map(Number), picture = figure.querySelector("img");
  const fold = figure.querySelector("details.swipe"), stage = fold.querySelector(".stage");
  stage.style.aspectRatio = box[2] * picture.getAttribute("width") / (box[3] * picture.getAttribute("height"));
  fold.hidden = false;
  fold.open = narrow;
  sight.observe(stage);
}

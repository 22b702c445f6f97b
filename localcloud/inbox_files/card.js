// Shows each card as Teams does: Microsoft's own renderer, in colours like those of Teams, light or dark.
"use strict";

const LIGHT = {
  ink: "#242424", faint: "#616161", link: "#5b5fc7", back: "#ffffff",
  emphasis: "#f0f0f0", good: "#e7f2da", attention: "#fcf4f6", warning: "#fbf6d9", accent: "#e8ebfa",
};
const DARK = {
  ink: "#ffffff", faint: "#adadad", link: "#7f85f5", back: "#161b22",
  emphasis: "#2b3038", good: "#16351a", attention: "#3f1011", warning: "#3a3010", accent: "#23284a",
};
const SIZES = { small: 12, default: 14, medium: 16, large: 18, extraLarge: 24 };

function hostConfig(colors) {
  const text = { default: colors.ink, subtle: colors.faint };
  const foreground = { default: text, accent: { default: colors.link, subtle: colors.link }, good: text, warning: text, attention: text };
  const style = (back) => ({ backgroundColor: back, foregroundColors: foreground });
  return new AdaptiveCards.HostConfig({
    fontTypes: {
      default: { fontFamily: "'Segoe UI', system-ui, sans-serif", fontSizes: SIZES },
      monospace: { fontFamily: "Consolas, Menlo, monospace", fontSizes: { ...SIZES, default: 12 } },
    },
    spacing: { small: 4, default: 10, medium: 16, large: 24, extraLarge: 32, padding: 16 },
    separator: { lineThickness: 1, lineColor: colors.emphasis },
    actions: { actionsOrientation: "horizontal", buttonSpacing: 8, maxActions: 6, actionAlignment: "left" },
    factSet: { title: { weight: "Bolder", wrap: false, maxWidth: 150 }, value: { wrap: true }, spacing: 12 },
    containerStyles: {
      default: style(colors.back), emphasis: style(colors.emphasis), good: style(colors.good),
      attention: style(colors.attention), warning: style(colors.warning), accent: style(colors.accent),
    },
  });
}

function open(action) {
  if (action instanceof AdaptiveCards.OpenUrlAction && /^https?:/.test(action.url)) {
    window.open(action.url, "_blank", "noopener");
  }
}

function show(place, source, colors) {
  const context = new AdaptiveCards.SerializationContext(AdaptiveCards.Versions.v1_5);
  const card = new AdaptiveCards.AdaptiveCard();
  card.hostConfig = hostConfig(colors);
  card.onExecuteAction = open;
  card.parse(source, context);
  place.replaceChildren(card.render());
  const found = Array.from({ length: context.eventCount }, (_, number) => context.getEventAt(number).message);
  const trouble = document.getElementById("trouble");
  trouble.textContent = found.join(" ");
  trouble.hidden = !found.length;
}

const cards = JSON.parse(document.getElementById("cards").textContent);
const dark = window.matchMedia("(prefers-color-scheme: dark)");
AdaptiveCards.AdaptiveCard.onProcessMarkdown = (_text, result) => { result.didProcess = false; };

function showAll() {
  for (const place of document.querySelectorAll("[data-card]")) {
    show(place, cards[Number(place.dataset.card)], dark.matches ? DARK : LIGHT);
  }
}

dark.addEventListener("change", showAll);
showAll();

import { byId } from "./dom.ts";

const KEY = "p2p-theme";
const NEXT: Readonly<Record<string, string>> = { auto: "light", light: "dark", dark: "auto" };

/** Light, dark, or as the system has it; kept for the next visit. */
export function startThemeSwitch(onChange: () => void): void {
  const button = byId("theme");
  const apply = (theme: string) => {
    document.documentElement.dataset.theme = theme;
    button.textContent = `theme: ${theme}`;
    localStorage.setItem(KEY, theme);
    onChange();
  };
  const stored = localStorage.getItem(KEY) ?? "auto";
  apply(stored in NEXT ? stored : "auto");
  button.addEventListener("click", () => apply(NEXT[document.documentElement.dataset.theme ?? "auto"] ?? "auto"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", onChange);
}

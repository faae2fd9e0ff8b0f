/** `auto`: dark or light, as the terminal is. `colorblind` follows the terminal too. */
export const THEME_BASES = ['auto', 'dark', 'light', 'colorblind'] as const;

/** What a color stands for. Plain and bold text keep the terminal's own color. */
export const THEME_ROLES = ['allow', 'drop', 'warn', 'time', 'dim'] as const;

export type ThemeRole = (typeof THEME_ROLES)[number];

/** The colors that the user wants: a theme, and roles with a color of their own, as `#rrggbb`. */
export type ThemeSetting = {
  readonly base: (typeof THEME_BASES)[number];
  readonly roles: Readonly<Partial<Record<ThemeRole, string>>>;
};

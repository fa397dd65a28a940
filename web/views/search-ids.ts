/** The fields that the shortcut for a search leads to. */
export const SEARCH_ID = 'search';
export const SETTINGS_SEARCH_ID = 'settings-search';

/** What each text of the app takes. Made from the English by `npm run words`. */
export interface Messages {
  readonly closing: {
    readonly title: () => string;
    readonly more: () => string;
    readonly finish: () => string;
    readonly goesOn: () => string;
    readonly part: () => string;
    readonly along: () => string;
    readonly waits: () => string;
    readonly stops: () => string;
    readonly stopsWithWebSeeds: () => string;
    readonly stopsWithoutWebSeeds: () => string;
    readonly allGoOn: (values: { readonly count: number }) => string;
    readonly someWait: (values: { readonly count: number }) => string;
    readonly saves: () => string;
    readonly ends: () => string;
    readonly nothingLost: () => string;
    readonly smallWindow: () => string;
    readonly withHelper: () => string;
    readonly getHelper: () => string;
    readonly openSmallWindow: () => string;
    readonly close: () => string;
  };
  readonly common: {
    readonly cancel: () => string;
    readonly close: () => string;
    readonly save: () => string;
  };
}

declare const __VERSION__: string;

/** The package's version; the build and the test runner fill it in from package.json. */
export const version: string = __VERSION__;

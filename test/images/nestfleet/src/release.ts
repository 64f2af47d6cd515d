import type { Release } from "../releases";

// Replaced by stage.ts with the release's entry when the bundle is made.
declare const __RELEASE__: Release;

export const release: Release = __RELEASE__;

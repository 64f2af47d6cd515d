import { z } from "zod";

/** Differs from update to update, so that the engine runs the script again; the script makes nothing of it. */
export const attempt = z.string().optional();

/** Prefix of the labels under which scripts and people find the containers of a stack: `.stack`, `.role`, `.version`. */
export const LABEL = "org.nestfleet";

/**
 * What the kernel says, and Node.js and libraries of C in their own words, when a container writes where it may not, or
 * more than there is room for in its memory.
 */
export const READ_ONLY = /EROFS|read-only file system|ENOSPC|no space left on device/i;

// The source file that the precompiled header is made for.

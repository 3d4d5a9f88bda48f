// A target of C has a source; what is called is in the native library.

//! One runnable answer for each "how do I …?": the files beside this one.

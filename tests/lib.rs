//! The tests of the whole: each file beside this one is a story, or holds a promise of the project.

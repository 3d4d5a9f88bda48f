//! Floor 2: the law. Facts in, verdict out; no file, no clock, no generator.

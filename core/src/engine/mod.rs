//! Floor 4: the shell. Load facts, ask one rule, apply, answer.

//! The place of the face for Swift, Kotlin and Python; it is empty as yet.

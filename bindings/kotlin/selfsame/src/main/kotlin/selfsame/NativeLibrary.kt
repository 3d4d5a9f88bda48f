package selfsame

import java.time.Instant

/** The native library of this process. Its build is checked before any other call into it. */
object NativeLibrary {
    /** Its name. If `selfsame-testing` is on the class path, this is the library for tests, which contains the other. */
    val name: String = if (isForTests()) "selfsame_testing" else "selfsame_ffi"

    init {
        val build = build()
        if (build != BUILD_ID) {
            throw LinkageError(
                "selfsame: the native library is of build $build and the Kotlin classes of build $BUILD_ID; " +
                    "install both from the same build",
            )
        }
    }

    private fun isForTests(): Boolean =
        try {
            Class.forName("selfsame.testing.World", false, javaClass.classLoader)
            true
        } catch (_: ClassNotFoundException) {
            false
        }

    /** Calls the library directly, because the generated classes are not bound yet. */
    private fun build(): String {
        val library = com.sun.jna.NativeLibrary.getInstance(name, javaClass.classLoader)
        val status = UniffiRustCallStatus()
        val text = library.getFunction("uniffi_selfsame_ffi_fn_func_build_id")
            .invoke(RustBuffer.ByValue::class.java, arrayOf(status)) as RustBuffer.ByValue
        return text.data!!.getByteArray(0, text.len.toInt()).decodeToString().also {
            library.getFunction("ffi_selfsame_ffi_rustbuffer_free").invokeVoid(arrayOf(text, status))
        }
    }
}

/** Converts a time to milliseconds since 1970. Fails if the time is earlier. */
internal fun millisOf(time: Instant): Long {
    require(time >= Instant.EPOCH) { "the time is before 1970: $time" }
    return time.toEpochMilli()
}

package selfsame

import java.time.Instant

/** The native library of this process. It is found to be of the same build before anything else of it is called. */
object NativeLibrary {
    /** Its name: where `selfsame-testing` is on the class path, the one for tests, which has all of the other in it. */
    val name: String = if (isForTests()) "selfsame_testing" else "selfsame_ffi"

    init {
        val build = build()
        if (build != BUILD_ID) {
            throw LinkageError(
                "selfsame: the native library is of build $build and the Kotlin classes of build $BUILD_ID; " +
                    "take the package of one build",
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

    /** Asked of the library itself: nothing that was generated for it is bound yet. */
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

/** Milliseconds since 1970; no time before that crosses. */
internal fun millisOf(time: Instant): Long {
    require(time >= Instant.EPOCH) { "a time before 1970: $time" }
    return time.toEpochMilli()
}

import SelfsameFFI

/// Ends the program if the native library and the sources come from different builds, because a call then has no
/// defined outcome. The generated code calls this function before every other call into the library.
func requireTheSameBuild() {
    var status = RustCallStatus()
    let text = uniffi_selfsame_ffi_fn_func_build_id(&status)
    let built = String(decoding: UnsafeBufferPointer(start: text.data, count: Int(text.len)), as: UTF8.self)
    ffi_selfsame_ffi_rustbuffer_free(text, &status)
    guard built == buildIdOfSources else {
        fatalError(
            "selfsame: the native library is of build \(built) and the Swift module of build \(buildIdOfSources); "
                + "build the package again")
    }
}

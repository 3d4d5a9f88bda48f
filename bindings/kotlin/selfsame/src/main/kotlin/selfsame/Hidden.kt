package selfsame

/** Text that does not show its value. */
sealed class HiddenText(private val text: String) {
    /** Returns the text, for the one place that needs it. */
    fun reveal(): String = text

    final override fun toString(): String = shown(this)

    final override fun equals(other: Any?): Boolean =
        other is HiddenText && other.javaClass == javaClass && other.text == text

    final override fun hashCode(): Int = text.hashCode()
}

/** A password, a passphrase, a code or an ID token. */
class Secret(text: String) : HiddenText(text)

/** Holds one flow open between its steps. Anyone who has it can answer the next step. */
class FlowToken(text: String) : HiddenText(text)

/** Holds one session. Anyone who has it is signed in: keep it where the platform keeps secrets. */
class SessionToken(text: String) : HiddenText(text)

/** Shows that its holder has signed in to an account before. It opens nothing. Keep it on the person's device. */
class RecognitionToken(text: String) : HiddenText(text)

/** The 32 bytes that the host keeps outside the file. Anyone who has the file and this key can read everything. */
class HostKey(key: ByteArray) {
    private val key = key.copyOf()

    /** Returns a copy of the bytes, for the platform's keystore. */
    fun reveal(): ByteArray = key.copyOf()

    override fun toString(): String = shown(this)

    override fun equals(other: Any?): Boolean = other is HostKey && other.key.contentEquals(key)

    override fun hashCode(): Int = key.contentHashCode()
}

private fun shown(holder: Any): String = "${holder.javaClass.simpleName}(****)"

/** Refuses a text with half of a surrogate pair, which UTF-8 cannot express. */
internal fun checkUnicode(text: String) {
    if (text.codePoints().anyMatch { it in 0xD800..0xDFFF }) throw SelfsameException.InvalidUnicode()
}

/**
 * Prints a text field of a data class for its `toString`. Free text may be an address, a name or a device, so a
 * log shows only whether there is a text. Ids, kinds, times and numbers are shown.
 */
internal fun hidden(text: Any?): String = if (text == null) "null" else "****"

package fieldnotes

import com.formdev.flatlaf.FlatClientProperties
import com.formdev.flatlaf.FlatDarkLaf
import com.formdev.flatlaf.FlatLaf
import com.formdev.flatlaf.FlatLightLaf
import com.formdev.flatlaf.fonts.inter.FlatInterFont
import com.formdev.flatlaf.fonts.jetbrains_mono.FlatJetBrainsMonoFont
import java.awt.Color
import java.awt.Component
import java.awt.Dimension
import java.awt.Graphics
import java.awt.Graphics2D
import java.awt.GridBagConstraints
import java.awt.GridBagLayout
import java.awt.Insets
import java.awt.RenderingHints
import java.time.Instant
import java.time.ZoneId
import java.time.format.DateTimeFormatter
import java.util.Locale
import javax.swing.BorderFactory
import javax.swing.JButton
import javax.swing.JComponent
import javax.swing.JLabel
import javax.swing.JPanel
import javax.swing.JPasswordField
import javax.swing.JTextField
import javax.swing.SwingConstants
import javax.swing.text.JTextComponent
import selfsame.Secret
import selfsame.YearMonth

/** The width of text: about sixty letters a line. */
const val COLUMN = 400

private const val ACCENT = "#3a5bd9"

/** Sets the look of the whole window, light or dark. */
fun wear(isDark: Boolean) {
    FlatInterFont.install()
    FlatJetBrainsMonoFont.install()
    FlatLaf.setPreferredFontFamily(FlatInterFont.FAMILY)
    FlatLaf.setPreferredMonospacedFontFamily(FlatJetBrainsMonoFont.FAMILY)
    FlatLaf.setGlobalExtraDefaults(
        mapOf(
            "@accentColor" to ACCENT,
            "defaultFont" to "14",
            "Button.arc" to "10",
            "Component.arc" to "10",
            "TextComponent.arc" to "10",
            "Component.focusWidth" to "1",
            "Component.innerFocusWidth" to "0",
            "Button.margin" to "8,16,8,16",
            "Button.default.background" to ACCENT,
            "Button.default.foreground" to "#fff",
            "Button.default.borderColor" to ACCENT,
            "Button.default.focusedBackground" to ACCENT,
            "Button.default.boldText" to "true",
            "TextField.margin" to "8,10,8,10",
            "PasswordField.margin" to "8,10,8,10",
            "PasswordField.showRevealButton" to "true",
            "ScrollBar.width" to "10",
            "ScrollBar.thumbArc" to "999",
            "ScrollBar.trackInsets" to "2,2,2,2",
            "ScrollBar.thumbInsets" to "2,2,2,2",
        ),
    )
    if (isDark) FlatDarkLaf.setup() else FlatLightLaf.setup()
}

val ground: Color get() = if (FlatLaf.isLafDark()) Color(0x24262b) else Color(0xf3f4f7)
val surface: Color get() = if (FlatLaf.isLafDark()) Color(0x2f3238) else Color.WHITE
val line: Color get() = if (FlatLaf.isLafDark()) Color(0x41454d) else Color(0xe2e4ea)
val quiet: Color get() = if (FlatLaf.isLafDark()) Color(0xa3a8b3) else Color(0x5c6270)
val trouble: Color get() = if (FlatLaf.isLafDark()) Color(0xff8f85) else Color(0xb3261e)
val fine: Color get() = if (FlatLaf.isLafDark()) Color(0x7ed29b) else Color(0x1c7a43)

/** Components below each other, all as wide as the column. */
class Column(private val width: Int = COLUMN) : JPanel(GridBagLayout()) {
    private var row = 0

    init {
        isOpaque = false
    }

    /** Puts a component below the others, with this gap. */
    fun <T : JComponent> put(gap: Int, part: T): T {
        // If one component is too wide, the layout gives all others their minimum height.
        if (part !is JLabel || part.text.isNotEmpty()) part.minimumSize = Dimension(0, part.preferredSize.height)
        add(part, GridBagConstraints(0, row++, 1, 1, 1.0, 0.0, GridBagConstraints.NORTH, GridBagConstraints.HORIZONTAL, Insets(gap, 0, 0, 0), 0, 0))
        return part
    }

    override fun getPreferredSize(): Dimension = Dimension(width, super.getPreferredSize().height)
}

/** A panel with round corners. */
class Sheet(content: Component, padding: Int) : JPanel(GridBagLayout()) {
    init {
        isOpaque = false
        border = BorderFactory.createEmptyBorder(padding, padding, padding, padding)
        add(content, GridBagConstraints().apply { fill = GridBagConstraints.HORIZONTAL; weightx = 1.0 })
    }

    override fun paintComponent(graphics: Graphics) {
        val pen = graphics.create() as Graphics2D
        pen.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON)
        pen.color = surface
        pen.fillRoundRect(0, 0, width - 1, height - 1, 20, 20)
        pen.color = line
        pen.drawRoundRect(0, 0, width - 1, height - 1, 20, 20)
        pen.dispose()
    }
}

/** A QR code with its quiet zone (ISO/IEC 18004), black on white in both looks, drawn from the engine's picture. */
class QrPicture(picture: Secret) : JPanel() {
    private val modules = numbers("viewBox=\"0 0 (\\d+) ", picture).single().single()
    private val runs = numbers("M(\\d+) (\\d+)h(\\d+)", picture)
    private val scale = 220 / modules

    init {
        preferredSize = Dimension(scale * modules, scale * modules)
        isOpaque = false
        getAccessibleContext().accessibleName = "QR code for your authenticator app"
    }

    override fun paintComponent(graphics: Graphics) {
        val left = (width - scale * modules) / 2
        graphics.color = Color.WHITE
        graphics.fillRect(left, 0, scale * modules, scale * modules)
        graphics.color = Color.BLACK
        for ((x, y, length) in runs) graphics.fillRect(left + x * scale, y * scale, length * scale, scale)
    }

    private fun numbers(pattern: String, picture: Secret): List<List<Int>> =
        Regex(pattern).findAll(picture.reveal()).map { found -> found.groupValues.drop(1).map(String::toInt) }.toList()
}

fun title(text: String): JLabel = JLabel(text).apply { putClientProperty(FlatClientProperties.STYLE, "font: bold +8") }

fun heading(text: String): JLabel = JLabel(text).apply { putClientProperty(FlatClientProperties.STYLE, "font: bold") }

/** Text that breaks its lines. */
fun text(text: String, color: Color? = quiet, width: Int = COLUMN): JLabel =
    JLabel("<html><div style='width:${width * 3 / 4}px'>${escaped(text)}</div></html>").apply { color?.let { foreground = it } }

fun small(text: String): JLabel = JLabel(text).apply {
    foreground = quiet
    putClientProperty(FlatClientProperties.STYLE, "font: -1")
}

fun mono(text: String, bigger: Int = 0): JLabel = JLabel(text).apply {
    putClientProperty(FlatClientProperties.STYLE, "font: +$bigger \$monospaced.font")
}

fun field(name: String, placeholder: String = ""): JTextField = JTextField().named(name, placeholder)

fun password(name: String, placeholder: String = ""): JPasswordField = JPasswordField().named(name, placeholder)

private fun <T : JTextComponent> T.named(name: String, placeholder: String): T = apply {
    this.name = name
    putClientProperty(FlatClientProperties.PLACEHOLDER_TEXT, placeholder)
}

fun label(text: String, of: JComponent): JLabel = JLabel(text).apply {
    labelFor = of
    putClientProperty(FlatClientProperties.STYLE, "font: -1 semibold")
}

/** The button that continues. The window makes it the default button, and it looks different. */
fun main(name: String, text: String, does: () -> Unit): JButton = button(name, text, does)

fun button(name: String, text: String, does: () -> Unit): JButton = JButton(text).apply {
    this.name = name
    addActionListener { does() }
}

/** A button that looks like a link. */
fun link(name: String, text: String, does: () -> Unit): JButton = button(name, text, does).apply {
    putClientProperty(FlatClientProperties.BUTTON_TYPE, FlatClientProperties.BUTTON_TYPE_BORDERLESS)
    putClientProperty(FlatClientProperties.STYLE, "foreground: $ACCENT; margin: 4,6,4,6")
}

/** Components beside each other, the first as wide as possible. */
fun row(vararg parts: JComponent): JPanel = JPanel(GridBagLayout()).apply {
    isOpaque = false
    parts.forEachIndexed { at, part ->
        add(part, GridBagConstraints(at, 0, 1, 1, if (at == 0) 1.0 else 0.0, 0.0, GridBagConstraints.CENTER, GridBagConstraints.HORIZONTAL, Insets(0, if (at == 0) 0 else 8, 0, 0), 0, 0))
    }
}

fun rule(): JComponent = JPanel().apply {
    background = line
    preferredSize = Dimension(1, 1)
}

fun centred(part: JLabel): JLabel = part.apply { horizontalAlignment = SwingConstants.CENTER }

fun JPasswordField.secret(): Secret = password.let { typed -> Secret(String(typed)).also { typed.fill('\u0000') } }

fun JTextField.typed(): Secret = Secret(text)

fun escaped(text: String): String = text.replace("&", "&amp;").replace("<", "&lt;")

private val ZONE: ZoneId = ZoneId.systemDefault()

fun day(at: Instant): String = DateTimeFormatter.ofPattern("d MMMM yyyy", Locale.ENGLISH).format(at.atZone(ZONE))

fun time(at: Instant): String = DateTimeFormatter.ofPattern("HH:mm", Locale.ENGLISH).format(at.atZone(ZONE))

fun moment(at: Instant): String = DateTimeFormatter.ofPattern("d MMM, HH:mm", Locale.ENGLISH).format(at.atZone(ZONE))

fun month(at: YearMonth): String =
    DateTimeFormatter.ofPattern("MMMM yyyy", Locale.ENGLISH).format(java.time.YearMonth.of(at.year.toInt(), at.month))


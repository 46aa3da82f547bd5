#include "services/billing/gateways/page_painter.h"

#include <cairo-pdf.h>

namespace perennial::billing {
namespace {

// Latin, Greek and Cyrillic; what it lacks comes from whichever font has it.
constexpr char kFont[] = "Inter, DejaVu Sans, Droid Sans Fallback";

cairo_status_t Append(void* pdf, const unsigned char* data, unsigned int size) {
  static_cast<std::string*>(pdf)->append(reinterpret_cast<const char*>(data), size);
  return CAIRO_STATUS_SUCCESS;
}

}  // namespace

struct PagePainter::State {
  std::string pdf;
  cairo_surface_t* surface = nullptr;
  cairo_t* cairo = nullptr;
  PangoLayout* layout = nullptr;
};

PagePainter::PagePainter(const std::string& title, const std::string& author, const std::string& created)
    : state_(std::make_unique<State>()) {
  state_->surface = cairo_pdf_surface_create_for_stream(Append, &state_->pdf, kPageWidth, kPageHeight);
  cairo_pdf_surface_set_metadata(state_->surface, CAIRO_PDF_METADATA_TITLE, title.c_str());
  cairo_pdf_surface_set_metadata(state_->surface, CAIRO_PDF_METADATA_AUTHOR, author.c_str());
  cairo_pdf_surface_set_metadata(state_->surface, CAIRO_PDF_METADATA_CREATE_DATE, created.c_str());
  state_->cairo = cairo_create(state_->surface);
  state_->layout = pango_cairo_create_layout(state_->cairo);
  // Glyphs stand where the font wants them: hinting and whole pixels are for screens.
  PangoContext* context = pango_layout_get_context(state_->layout);
  cairo_font_options_t* options = cairo_font_options_create();
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  pango_cairo_context_set_font_options(context, options);
  cairo_font_options_destroy(options);
  pango_context_set_round_glyph_positions(context, FALSE);
  // Figures of one width, so that columns of amounts align.
  PangoAttrList* attributes = pango_attr_list_new();
  pango_attr_list_insert(attributes, pango_attr_font_features_new("tnum=1"));
  pango_layout_set_attributes(state_->layout, attributes);
  pango_attr_list_unref(attributes);
  pango_layout_set_wrap(state_->layout, PANGO_WRAP_WORD_CHAR);
}

PagePainter::~PagePainter() {
  g_object_unref(state_->layout);
  cairo_destroy(state_->cairo);
  cairo_surface_destroy(state_->surface);
}

PangoLayout* PagePainter::LayOut(double width, const std::string& text, const TextStyle& style) {
  PangoFontDescription* font = pango_font_description_from_string(kFont);
  pango_font_description_set_weight(font, static_cast<PangoWeight>(style.weight));
  pango_font_description_set_absolute_size(font, style.size * PANGO_SCALE);
  pango_layout_set_font_description(state_->layout, font);
  pango_font_description_free(font);
  pango_layout_set_width(state_->layout, static_cast<int>(width * PANGO_SCALE));
  pango_layout_set_alignment(state_->layout, style.is_right ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
  pango_layout_set_line_spacing(state_->layout, 1.25F);
  pango_layout_set_text(state_->layout, text.data(), static_cast<int>(text.size()));
  return state_->layout;
}

double PagePainter::HeightOf(double width, const std::string& text, const TextStyle& style) {
  int height = 0;
  pango_layout_get_size(LayOut(width, text, style), nullptr, &height);
  return static_cast<double>(height) / PANGO_SCALE;
}

double PagePainter::Text(double x, double y, double width, const std::string& text, const TextStyle& style) {
  const double height = HeightOf(width, text, style);
  cairo_set_source_rgb(state_->cairo, style.ink.red, style.ink.green, style.ink.blue);
  cairo_move_to(state_->cairo, x, y);
  pango_cairo_show_layout(state_->cairo, state_->layout);
  return height;
}

void PagePainter::Rule(double x, double y, double width, double thickness, const Ink& ink) {
  cairo_set_source_rgb(state_->cairo, ink.red, ink.green, ink.blue);
  cairo_rectangle(state_->cairo, x, y, width, thickness);
  cairo_fill(state_->cairo);
}

void PagePainter::EndPage() {
  cairo_show_page(state_->cairo);
}

std::string PagePainter::Finish() {
  cairo_surface_finish(state_->surface);
  return cairo_surface_status(state_->surface) == CAIRO_STATUS_SUCCESS ? std::move(state_->pdf) : "";
}

}  // namespace perennial::billing

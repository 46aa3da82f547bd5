#pragma once

#include <pango/pangocairo.h>

#include <memory>
#include <string>

namespace perennial::billing {

// Measures are in points, from the top left of an A4 page.
inline constexpr double kPageWidth = 595.276;
inline constexpr double kPageHeight = 841.89;

struct Ink {
  double red, green, blue;
};
inline constexpr Ink kInk{0.10, 0.11, 0.14};
inline constexpr Ink kGrey{0.40, 0.43, 0.48};
inline constexpr Ink kHairline{0.83, 0.85, 0.88};

struct TextStyle {
  double size;
  int weight = PANGO_WEIGHT_NORMAL;
  Ink ink = kInk;
  bool is_right = false;  // aligned to the right of its box
};

// A PDF that is drawn page by page.
class PagePainter {
 public:
  // `created`: "2027-01-15T09:30:00Z". Nothing else of the PDF depends on when it is made, so the same
  // document has the same bytes.
  PagePainter(const std::string& title, const std::string& author, const std::string& created);
  ~PagePainter();
  PagePainter(const PagePainter&) = delete;
  PagePainter& operator=(const PagePainter&) = delete;

  // Draws a text in a box of this width, wrapped, and returns its height.
  double Text(double x, double y, double width, const std::string& text, const TextStyle& style);
  double HeightOf(double width, const std::string& text, const TextStyle& style);
  void Rule(double x, double y, double width, double thickness, const Ink& ink);
  void EndPage();
  // The whole PDF; empty if it could not be made. Nothing can be drawn after it.
  std::string Finish();

 private:
  struct State;
  PangoLayout* LayOut(double width, const std::string& text, const TextStyle& style);
  std::unique_ptr<State> state_;
};

}  // namespace perennial::billing

// SPDX-License-Identifier: MIT
#include "cli/chart.h"

#include <stdarg.h>

enum { MAX_TEXT = 256 };

static void put_escaped(FILE *stream, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            (void)fputs("&amp;", stream);
            break;
        case '<':
            (void)fputs("&lt;", stream);
            break;
        case '>':
            (void)fputs("&gt;", stream);
            break;
        case '"':
            (void)fputs("&quot;", stream);
            break;
        default:
            /* XML has no other control characters */
            (void)fputc((unsigned char)*text < ' ' ? ' ' : *text, stream);
        }
    }
}

bool chart_open(struct chart *chart, const char *path, double width,
                double height, const char *title)
{
    chart->stream = fopen(path, "w");
    if (chart->stream == NULL) {
        return false;
    }
    (void)fprintf(chart->stream,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%g\" "
                  "height=\"%g\" viewBox=\"0 0 %g %g\" "
                  "font-family=\"sans-serif\">\n<title>",
                  width, height, width, height);
    put_escaped(chart->stream, title);
    (void)fputs("</title>\n", chart->stream);
    chart_box(chart, 0, 0, width, height, "#ffffff", NULL);
    return true;
}

bool chart_close(struct chart *chart)
{
    bool is_fine;

    (void)fputs("</svg>\n", chart->stream);
    is_fine = ferror(chart->stream) == 0;
    return fclose(chart->stream) == 0 && is_fine;
}

void chart_box(struct chart *chart, double x, double y, double width,
               double height, const char *color, const char *title)
{
    (void)fprintf(chart->stream,
                  "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" "
                  "fill=\"%s\">",
                  x, y, width, height, color);
    if (title != NULL) {
        (void)fputs("<title>", chart->stream);
        put_escaped(chart->stream, title);
        (void)fputs("</title>", chart->stream);
    }
    (void)fputs("</rect>\n", chart->stream);
}

void chart_path(struct chart *chart, const double (*points)[2], int n,
                const struct chart_ink *ink)
{
    (void)fprintf(chart->stream,
                  "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"%g\"%s "
                  "points=\"",
                  ink->color, ink->size,
                  ink->is_dashed ? " stroke-dasharray=\"5 4\"" : "");
    for (int i = 0; i < n; i++) {
        (void)fprintf(chart->stream, "%s%.2f,%.2f", i > 0 ? " " : "",
                      points[i][0], points[i][1]);
    }
    (void)fputs("\"/>\n", chart->stream);
}

void chart_line(struct chart *chart, double x0, double y0, double x1, double y1,
                const struct chart_ink *ink)
{
    const double points[2][2] = {{x0, y0}, {x1, y1}};

    chart_path(chart, points, 2, ink);
}

void chart_text(struct chart *chart, double x, double y,
                enum chart_anchor anchor, const struct chart_ink *ink,
                const char *format, ...)
{
    static const char *const anchors[] = {"start", "middle", "end"};
    char text[MAX_TEXT];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    (void)fprintf(chart->stream,
                  "<text x=\"%g\" y=\"%g\" text-anchor=\"%s\" fill=\"%s\" "
                  "font-size=\"%g\"%s>",
                  x, y, anchors[anchor], ink->color, ink->size,
                  ink->is_bold ? " font-weight=\"bold\"" : "");
    put_escaped(chart->stream, text);
    (void)fputs("</text>\n", chart->stream);
}

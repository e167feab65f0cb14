// A terminal on a quad: finds the cell under a pixel in a buffer and the cell's glyph in an atlas.
// The structures are those of material.rs.

struct Header {
    grid: vec2<u32>,
    cell: vec2<u32>,
    quad: vec2<u32>,
    origin: vec2<u32>,
    cursor: u32,
    cursor_cells: u32,
    cursor_shape: u32,
    cursor_color: u32,
    underline_top: u32,
    line: u32,
    strike_top: u32,
    atlas_columns: u32,
    background: u32,
    reserved_a: u32,
    reserved_b: u32,
    reserved_c: u32,
}

struct Cell {
    glyph: u32,
    fg: u32,
    bg: u32,
    underline: u32,
}

struct Screen {
    header: Header,
    cells: array<Cell>,
}

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<storage, read> screen: Screen;
@group(#{MATERIAL_BIND_GROUP}) @binding(1) var atlas: texture_2d<f32>;

const TILE_MASK: u32 = 0xfffffu;
const COLOR: u32 = 0x100000u;
const STRIKEOUT: u32 = 0x200000u;
const UNDERLINE_SHIFT: u32 = 22u;

const SINGLE: u32 = 1u;
const DOUBLE: u32 = 2u;
const CURLY: u32 = 3u;
const DOTTED: u32 = 4u;
const DASHED: u32 = 5u;

const CURSOR_BLOCK: u32 = 0u;
const CURSOR_UNDERLINE: u32 = 1u;
const CURSOR_BEAM: u32 = 2u;

const TAU: f32 = 6.283185307;

fn rgb(packed: u32) -> vec3<f32> {
    return unpack4x8unorm(packed).rgb;
}

// Colours are mixed as they are encoded, as fonts are designed for, and only then made linear for the target.
fn output(color: vec3<f32>) -> vec4<f32> {
#ifdef SRGB_OUTPUT
    return vec4(color, 1.0);
#else
    return vec4(select(pow((color + 0.055) / 1.055, vec3(2.4)), color / 12.92, color <= vec3(0.04045)), 1.0);
#endif
}

// Whether y lies on the line that begins at top.
fn on_line(y: u32, top: u32) -> bool {
    return y >= top && y < top + screen.header.line;
}

// How much of a pixel of a cell an underline covers.
fn underline_coverage(style: u32, at: vec2<u32>) -> f32 {
    let line = screen.header.line;
    let size = screen.header.cell;
    let top = min(screen.header.underline_top, size.y - min(size.y, line));
    switch style {
        case SINGLE: {
            return f32(on_line(at.y, top));
        }
        case DOUBLE: {
            let first = min(top, size.y - min(size.y, 3u * line));
            return f32(on_line(at.y, first) || on_line(at.y, first + 2u * line));
        }
        case CURLY: {
            // One wave a cell, so that it goes on in the next.
            let half = 0.5 * f32(line);
            let height = max(1.25 * f32(line), 0.06 * f32(size.y));
            let middle = min(f32(top) + half, f32(size.y) - height - half);
            let phase = TAU * (f32(at.x) + 0.5) / f32(size.x);
            let slope = height * TAU / f32(size.x) * cos(phase);
            let distance = abs(f32(at.y) + 0.5 - middle - height * sin(phase)) / sqrt(1.0 + slope * slope);
            return clamp(half + 0.5 - distance, 0.0, 1.0);
        }
        case DOTTED: {
            return f32(on_line(at.y, top) && (at.x / line) % 2u == 0u);
        }
        case DASHED: {
            return f32(on_line(at.y, top) && 5u * at.x < 3u * size.x);
        }
        default: {
            return 0.0;
        }
    }
}

@fragment
fn fragment(@location(2) uv: vec2<f32>) -> @location(0) vec4<f32> {
    let quad = max(screen.header.quad, vec2(1u));
    let size = max(screen.header.cell, vec2(1u));
    let columns = screen.header.grid.x;
    let at = vec2<i32>(min(vec2<u32>(uv * vec2<f32>(quad)), quad - 1u)) - vec2<i32>(screen.header.origin);
    if any(at < vec2(0)) || any(vec2<u32>(at) >= screen.header.grid * size) {
        return output(rgb(screen.header.background));
    }
    let position = vec2<u32>(at) / size;
    let within = vec2<u32>(at) % size;
    let index = position.y * columns + position.x;
    let cell = screen.cells[index];
    var fg = rgb(cell.fg);
    var bg = rgb(cell.bg);

    let under_cursor = index >= screen.header.cursor && index - screen.header.cursor < screen.header.cursor_cells;
    if under_cursor && screen.header.cursor_shape == CURSOR_BLOCK {
        fg = bg;
        bg = rgb(screen.header.cursor_color);
    }

    let style = (cell.glyph >> UNDERLINE_SHIFT) & 7u;
    var color = mix(bg, rgb(cell.underline), underline_coverage(style, within));
    let tile = cell.glyph & TILE_MASK;
    if tile != 0u {
        let tile_at = vec2(tile % screen.header.atlas_columns, tile / screen.header.atlas_columns) * size + within;
        let texel = textureLoad(atlas, vec2<i32>(tile_at), 0);
        color = mix(color, select(fg, texel.rgb, (cell.glyph & COLOR) != 0u), texel.a);
    }
    if (cell.glyph & STRIKEOUT) != 0u && on_line(within.y, screen.header.strike_top) {
        color = fg;
    }

    if under_cursor && screen.header.cursor_shape != CURSOR_BLOCK {
        let line = max(screen.header.line, size.x / 8u);
        let x = (index - screen.header.cursor) * size.x + within.x;
        let width = screen.header.cursor_cells * size.x;
        let bottom = within.y + line >= size.y;
        var drawn = false;
        if screen.header.cursor_shape == CURSOR_UNDERLINE {
            drawn = bottom;
        } else if screen.header.cursor_shape == CURSOR_BEAM {
            drawn = x < line;
        } else {
            let thin = screen.header.line;
            drawn = x < thin || x + thin >= width || within.y < thin || within.y + thin >= size.y;
        }
        if drawn {
            color = rgb(screen.header.cursor_color);
        }
    }
    return output(color);
}

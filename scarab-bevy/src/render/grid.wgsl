// Terminals on quads: finds the cell under a pixel in a buffer and the cell's glyph in an atlas.
// The layout of the buffer is that of material.rs: for each terminal five vectors of header, then a vector for each cell.
// A quad's tag says where in it its terminal's header is.
//
// It is kept cheap for rasterisers that run on the CPU: the header is read once a corner and not once a pixel,
// and there are neither integer divisions nor powers.

#import bevy_sprite::mesh2d_functions

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<storage, read> words: array<vec4<u32>>;
@group(#{MATERIAL_BIND_GROUP}) @binding(1) var atlas: texture_2d<f32>;

const HEADER: u32 = 5u;

const TILE_BITS: u32 = 10u;
const TILE_MASK: u32 = 0x3ffu;
const COLOR: u32 = 0x100000u;
const STRIKEOUT: u32 = 0x200000u;
const UNDERLINE_SHIFT: u32 = 22u;
const BLINK: u32 = 0x2000000u;
const DEFAULT_BG: u32 = 0x40000000u;

const SINGLE: u32 = 1u;
const DOUBLE: u32 = 2u;
const CURLY: u32 = 3u;
const DOTTED: u32 = 4u;
const DASHED: u32 = 5u;

const CURSOR_BLOCK: u32 = 0u;
const CURSOR_UNDERLINE: u32 = 1u;
const CURSOR_BEAM: u32 = 2u;

struct Vertex {
    @builtin(instance_index) instance_index: u32,
    @location(0) position: vec3<f32>,
    @location(2) uv: vec2<f32>,
}

struct Corner {
    @builtin(position) position: vec4<f32>,
    // In pixels from the top left of the quad.
    @location(0) at: vec2<f32>,
    // Columns and rows, then the size of a cell.
    @location(1) @interpolate(flat) grid: vec4<u32>,
    // The size of the quad, then where in it the first cell begins.
    @location(2) @interpolate(flat) quad: vec4<u32>,
    // The first cell under the cursor, how many there are, its shape and its colour.
    @location(3) @interpolate(flat) cursor: vec4<u32>,
    // The top of underlines, the thickness of lines, the top of strikeouts, the default background.
    @location(4) @interpolate(flat) lines: vec4<u32>,
    // How much of the first row is above the first cell, whether text that blinks is not seen, how opaque the default background is,
    // then where the cells begin.
    @location(5) @interpolate(flat) shift_blink_opacity_cells: vec4<u32>,
}

@vertex
fn vertex(vertex: Vertex) -> Corner {
    var corner: Corner;
    let world_from_local = mesh2d_functions::get_world_from_local(vertex.instance_index);
    corner.position = mesh2d_functions::mesh2d_position_world_to_clip(
        mesh2d_functions::mesh2d_position_local_to_world(world_from_local, vec4(vertex.position, 1.0)),
    );
    let first = mesh2d_functions::get_tag(vertex.instance_index);
    corner.grid = words[first];
    corner.quad = words[first + 1u];
    corner.cursor = words[first + 2u];
    corner.lines = words[first + 3u];
    corner.shift_blink_opacity_cells = vec4(words[first + 4u].xyz, first + HEADER);
    corner.at = vertex.uv * vec2<f32>(corner.quad.xy);
    return corner;
}

// Colours are stored as roots of linear ones: mixed as they are they look even, squared they are what a target wants.
fn unpack(packed: u32) -> vec3<f32> {
    return vec3<f32>(vec3(packed, packed >> 10u, packed >> 20u) & vec3(0x3ffu)) / 1023.0;
}

// What the colours are multiplied by is in the alpha, and stays as it is.
fn output(color: vec4<f32>) -> vec4<f32> {
    let linear = color.rgb * color.rgb;
#ifdef SRGB_OUTPUT
    return vec4(select(1.055 * pow(linear, vec3(1.0 / 2.4)) - 0.055, 12.92 * linear, linear <= vec3(0.0031308)), color.a);
#else
    return vec4(linear, color.a);
#endif
}

// How much of a pixel of a cell an underline covers. All but the style in pixels.
fn underline_coverage(style: u32, at: vec2<f32>, size: vec2<f32>, wanted_top: f32, line: f32) -> f32 {
    let top = min(wanted_top, size.y - line);
    let on = at.y >= top && at.y < top + line;
    switch style {
        case SINGLE: {
            return f32(on);
        }
        case DOUBLE: {
            let first = max(min(top, size.y - 3.0 * line), 0.0);
            let from_first = floor((at.y - first) / line);
            return f32(from_first == 0.0 || from_first == 2.0);
        }
        case CURLY: {
            // One wave a cell, of two parabolas, so that it goes on in the next.
            let height = max(1.25 * line, 0.06 * size.y);
            let middle = min(top + 0.5 * line, size.y - height - 0.5 * line);
            let phase = 4.0 * (at.x + 0.5) / size.x;
            let half_wave = phase - select(1.0, 3.0, phase >= 2.0);
            let wave = (1.0 - half_wave * half_wave) * select(1.0, -1.0, phase >= 2.0);
            return clamp(0.5 * line + 0.5 - abs(at.y + 0.5 - middle - height * wave), 0.0, 1.0);
        }
        case DOTTED: {
            let dot = floor((at.x + 0.5) / line);
            return f32(on && dot == 2.0 * floor(0.5 * dot));
        }
        case DASHED: {
            return f32(on && 5.0 * at.x < 3.0 * size.x);
        }
        default: {
            return 0.0;
        }
    }
}

@fragment
fn fragment(corner: Corner) -> @location(0) vec4<f32> {
    let grid = vec2<f32>(corner.grid.xy);
    let size = vec2<f32>(corner.grid.zw);
    // A little is added so that a quad which lies between the pixels of its target leaves none out.
    let seen = floor(corner.at + 1.0 / 64.0) - vec2<f32>(corner.quad.zw);
    let backdrop = vec4(unpack(corner.lines.w), f32(corner.shift_blink_opacity_cells.z) / 255.0);
    if any(seen < vec2(0.0)) || any(seen >= grid * size) {
        return output(backdrop);
    }
    let at = seen + vec2(0.0, f32(corner.shift_blink_opacity_cells.x));
    let position = floor((at + 0.5) / size);
    let within = at - position * size;
    let index = u32(position.y) * corner.grid.x + u32(position.x);
    var cell = words[corner.shift_blink_opacity_cells.w + index];
    if corner.shift_blink_opacity_cells.y != 0u && (cell.x & BLINK) != 0u {
        // Neither letter nor lines.
        cell.x = 0u;
    }
    var fg = unpack(cell.y);
    let own_bg = unpack(cell.z);
    var bg = select(vec4(own_bg, 1.0), backdrop, (cell.z & DEFAULT_BG) != 0u);

    let from_cursor = index - corner.cursor.x;
    let under_cursor = index >= corner.cursor.x && from_cursor < corner.cursor.y;
    let shape = corner.cursor.z;
    let cursor_color = unpack(corner.cursor.w);
    if under_cursor && shape == CURSOR_BLOCK {
        fg = own_bg;
        bg = vec4(cursor_color, 1.0);
    }

    let line = f32(corner.lines.y);
    let style = (cell.x >> UNDERLINE_SHIFT) & 7u;
    var color = bg;
    if style != 0u {
        let coverage = underline_coverage(style, within, size, f32(corner.lines.x), line);
        color = mix(bg, vec4(unpack(cell.w), 1.0), coverage);
    }
    let tile = vec2(cell.x & TILE_MASK, (cell.x >> TILE_BITS) & TILE_MASK);
    // The first tile is blank, so nothing has to be left out for cells without a glyph.
    let texel = textureLoad(atlas, vec2<i32>(tile * corner.grid.zw) + vec2<i32>(within), 0);
    color = mix(color, vec4(select(fg, texel.rgb, (cell.x & COLOR) != 0u), 1.0), texel.a);
    let strike_top = f32(corner.lines.z);
    if (cell.x & STRIKEOUT) != 0u && within.y >= strike_top && within.y < strike_top + line {
        color = vec4(fg, 1.0);
    }

    if under_cursor && shape != CURSOR_BLOCK {
        let thick = max(line, floor(size.x / 8.0));
        let x = f32(from_cursor) * size.x + within.x;
        let width = f32(corner.cursor.y) * size.x;
        var drawn = x < line || x + line >= width || within.y < line || within.y + line >= size.y;
        if shape == CURSOR_UNDERLINE {
            drawn = within.y + thick >= size.y;
        } else if shape == CURSOR_BEAM {
            drawn = x < thick;
        }
        if drawn {
            color = vec4(cursor_color, 1.0);
        }
    }
    return output(color);
}

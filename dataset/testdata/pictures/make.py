"""Writes the pictures beside this file (needs Pillow and numpy; made with Pillow 13.0.0, numpy 2).

Every picture named FORMAT-N.EXT shows the same blocks once its EXIF orientation N is applied. Those in kinds/ show the
same blocks in the kinds of pixels that a format has, and those in others/ are in formats that are not read. Those in blank/ are
white sheets of few bytes.
"""
import pathlib

import numpy as np
from PIL import Image

here = pathlib.Path(__file__).parent
grey = np.kron(np.array([[0, 40, 80], [120, 160, 255]], np.uint8), np.ones((8, 8), np.uint8))  # 16 x 24
colour = np.stack([grey, 255 - grey, grey // 2], -1)
upright, scene = Image.fromarray(grey), Image.fromarray(colour)
STORED = {  # how to store a picture that the tag turns back
    1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1], 5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, 1), 7: lambda a: np.rot90(a, 2).swapaxes(0, 1), 8: lambda a: np.rot90(a, -1),
}


def put(name, picture, **options):
    path = here / name
    path.parent.mkdir(exist_ok=True)
    picture.save(path, **options)


for tag, turn in STORED.items():
    exif = Image.Exif()
    exif.endian = "<" if tag % 2 else ">"
    exif[0x112] = tag
    stored = Image.fromarray(np.ascontiguousarray(turn(grey)))
    put(f"orientation/jpeg-{tag}.jpg", stored, quality=95, exif=exif)
    put(f"orientation/png-{tag}.png", stored, exif=exif)
    put(f"orientation/webp-{tag}.webp", stored.convert("RGB"), lossless=True, exif=exif)
    put(f"orientation/tiff-{tag}.tif", stored, compression="tiff_lzw", tiffinfo={0x112: tag})

put("kinds/grey.png", upright)
put("kinds/grey16.png", Image.fromarray(grey.astype(np.uint16) * 257))
put("kinds/colour.png", scene)
put("kinds/palette.png", scene.quantize(6))
put("kinds/baseline.jpg", scene, quality=95, subsampling=0)
put("kinds/progressive.jpg", scene, quality=95, subsampling=0, progressive=True)
put("kinds/cmyk.jpg", scene.convert("CMYK"), quality=95)
put("kinds/still.gif", scene.quantize(6))
put("kinds/moving.gif", scene.quantize(6), save_all=True, append_images=[Image.new("RGB", scene.size)])
put("kinds/lossy.webp", scene, quality=95)
put("kinds/lossless.webp", scene, lossless=True)
put("kinds/moving.webp", scene, lossless=True, save_all=True, append_images=[Image.new("RGB", scene.size)])
put("kinds/colour.bmp", scene)
put("kinds/palette.bmp", scene.quantize(6))
for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
    put(f"kinds/{compression}.tif", scene, compression=compression)
put("kinds/bilevel.tif", upright.point(lambda v: 255 * (v > 100), "1"), compression="group4")

transparent = scene.copy()
transparent.putalpha(upright)
put("alpha/straight.png", transparent)
put("alpha/lossless.webp", transparent, lossless=True)
put("alpha/lossy.webp", transparent, quality=95)
put("alpha/moving.webp", transparent, quality=95, save_all=True, append_images=[Image.new("RGBA", scene.size)])
put("alpha/straight.tif", transparent)

put("blank/sheet.webp", Image.new("L", (4032, 3024), 255), lossless=True)
put("blank/fax.tif", Image.new("1", (2480, 3508), 1), compression="group4")

put("others/a.avif", scene)
put("others/a.jp2", scene)
put("others/a.ico", scene)
put("others/a.eps", scene)
put("others/a.ppm", scene)
put("others/a.dds", scene)
put("others/jpeg.tif", scene, compression="jpeg")

import FusionPipeline
import Testing

struct JSONWriterTests {
  static func build(_ style: JSONWriter.Style) -> JSONWriter {
    var writer = JSONWriter(style)
    writer.object {
      $0.member("frames", 12)
      $0.object("misses") {
        $0.member("count", UInt64(Int64.max))
        $0.object("by_stage") { _ in }
      }
      $0.array("matrix") {
        $0.array {
          $0.value(1.5)
          $0.value(-0.0)
        }
        $0.array { $0.value(1e-7) }
      }
      $0.member("names", ["a", "b\"\\\n\u{1}é"])
      $0.member("none", Optional<Int>.none)
      $0.member("nan", Double.nan)
      $0.array("empty") { _ in }
      $0.array("mixed") {
        $0.object { $0.member("ok", true) }
        $0.null()
      }
    }
    return writer
  }

  @Test("compact text has no space and keeps the order of the calls")
  func compact() {
    #expect(
      Self.build(.compact).text
        == #"{"frames":12,"misses":{"count":9223372036854775807,"by_stage":{}},"#
        + #""matrix":[[1.5,-0.0],[1e-07]],"#
        + #""names":["a","b\"\\\n\u0001é"],"none":null,"nan":null,"empty":[],"mixed":[{"ok":true},null]}"#)
  }

  @Test("pretty text has a member a line, and lists of plain values on one line")
  func pretty() throws {
    let text = Self.build(.pretty).text
    #expect(
      text == #"""
        {
          "frames": 12,
          "misses": {
            "count": 9223372036854775807,
            "by_stage": {}
          },
          "matrix": [
            [1.5, -0.0],
            [1e-07]
          ],
          "names": ["a", "b\"\\\n\u0001é"],
          "none": null,
          "nan": null,
          "empty": [],
          "mixed": [
            {
              "ok": true
            },
            null
          ]
        }
        """#)
    #expect(try JSONNode(parsing: text, file: "f").jsonText(.pretty) == text)
  }

  @Test("integers of every width keep all their digits")
  func integers() {
    var writer = JSONWriter(.compact)
    writer.array {
      $0.value(UInt64.max)
      $0.value(Int64.min)
      $0.value(UInt8.max)
      $0.value(Int32.min)
    }
    #expect(writer.text == "[18446744073709551615,-9223372036854775808,255,-2147483648]")
  }
}

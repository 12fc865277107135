import FusionPipeline
import Testing

struct JSONPositionTests {
  @Test("every value and every key knows its line and column, counted in characters")
  func positions() throws {
    let text = """
      {
        "é😀": [1, "日本", true],
        "b" :
      \t{ "c": null }
      }
      """
    let root = try JSONNode(parsing: text, file: "dir/f.json")
    #expect("\(root.position)" == "dir/f.json:1:1")
    guard case .object(let members) = root.value else {
      Issue.record("no object")
      return
    }
    #expect(members.map { [$0.position.line, $0.position.column] } == [[2, 3], [3, 3]])
    #expect([members[0].node.position.line, members[0].node.position.column] == [2, 9])
    guard case .array(let elements) = members[0].node.value else {
      Issue.record("no array")
      return
    }
    #expect(elements.map(\.position.column) == [10, 13, 19])
    #expect([members[1].node.position.line, members[1].node.position.column] == [4, 2])
    #expect(members[1].node["c"]?.position.column == 9)
  }

  @Test("lines that end with carriage return and line feed count once")
  func carriageReturns() throws {
    let root = try JSONNode(parsing: "{\r\n  \"a\":\r\n  1\r\n}", file: "f")
    #expect([root["a"]?.position.line, root["a"]?.position.column] == [3, 3])
  }

  @Test("places on one long line are exact")
  func longLine() throws {
    let text = "[" + Array(repeating: "10", count: 20_000).joined(separator: ",") + "]"
    guard case .array(let elements) = try JSONNode(parsing: text, file: "f").value else {
      Issue.record("no array")
      return
    }
    for index in stride(from: 0, to: 20_000, by: 997) {
      #expect(elements[index].position.column == 2 + 3 * index)
    }
  }
}

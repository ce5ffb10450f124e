using System.Net;
using System.Text;
using Larder.Functions.Tests.Hosting;
using Larder.Inference.Signatures;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Prediction;

/// <summary>Predictions of tables: an object by column, a list of records and CSV, to models with one input and to models with an input for each column.</summary>
[Collection(nameof(SharedLarder))]
public sealed class TableTests(LarderFixture larder) : IAsyncLifetime
{
    private readonly HttpClient _client = larder.Client;

    public async Task InitializeAsync()
    {
        if ((await _client.GetAsync("/api/v1/models/table-mixed")).StatusCode == HttpStatusCode.OK)
            return;
        await _client.UploadAsync("table-named", OnnxModel.Identity(Datatype.Fp32, "batch", 3), fields: [("features", """["a",{"name":"b","missing":true},{"name":"c","default":0.5}]""")]);
        await _client.UploadAsync("table-nameless", OnnxModel.Identity(Datatype.Fp32, "batch", 3));
        await _client.UploadAsync("table-mixed", Mixed);
        await _client.UploadAsync("table-wide", new OnnxModel()
            .Input("x", Datatype.Fp32, "n", 2).Input("t", Datatype.Bytes, "n").Output("y", Datatype.Fp32, "n", 2).Output("u", Datatype.Bytes, "n")
            .Node("Identity", ["x"], ["y"]).Node("Identity", ["t"], ["u"]).ToBytes());
    }

    public Task DisposeAsync() => Task.CompletedTask;

    // An input for each column, as skl2onnx writes pipelines with a ColumnTransformer: numbers, a whole number and a text; and an optional column.
    internal static byte[] Mixed => new OnnxModel()
        .Input("age", Datatype.Fp32, "n", 1).Input("rooms", Datatype.Int64, "n", 1).Input("city", Datatype.Bytes, "n", 1).Input("scale", Datatype.Fp32, "m", 1)
        .Initializer(OnnxTensor.Of("scale", [2f], 1, 1))
        .Output("y", Datatype.Fp32, "n", 1).Output("r", Datatype.Int64, "n", 1).Output("c", Datatype.Bytes, "n", 1)
        .Node("Mul", ["age", "scale"], ["y"]).Node("Identity", ["rooms"], ["r"]).Node("Identity", ["city"], ["c"]).ToBytes();

    [Theory]
    [InlineData("""{"age":[1.5,2],"rooms":[3,4],"city":["a","ö"]}""", "[[3],[4]] [[3],[4]] [[\"a\"],[\"\\u00F6\"]]")]
    [InlineData("""{"city":[["a"],["b"]],"age":[[1],[2]],"rooms":[3,4]}""", "[[2],[4]] [[3],[4]] [[\"a\"],[\"b\"]]")]
    [InlineData("""{"city":"a","age":1,"rooms":3}""", "[[2]] [[3]] [[\"a\"]]")]
    [InlineData("""[{"city":"a","age":1,"rooms":3},{"rooms":4,"age":2,"city":"b"}]""", "[[2],[4]] [[3],[4]] [[\"a\"],[\"b\"]]")]
    [InlineData("""[{"city":"a","age":1,"rooms":3,"scale":10},{"rooms":4,"age":2,"city":"b","scale":5}]""", "[[10],[10]] [[3],[4]] [[\"a\"],[\"b\"]]")]
    [InlineData("""{"city":"a","age":1,"rooms":3,"scale":10}""", "[[10]] [[3]] [[\"a\"]]")]
    public async Task A_model_with_an_input_for_each_column_takes_columns_and_records(string values, string expected)
    {
        var answer = await _client.PredictAsync("table-mixed", $$"""{"values":{{values}}}""");

        Assert.True(answer.Code == 200, answer.Body.ToJsonString());
        Assert.Equal(expected, Outputs(answer));
    }

    [Theory]
    [InlineData("""[{"city":"a","age":1}]""", "values, row 0, lacks the column rooms")]
    [InlineData("""[{"city":"a","age":1,"rooms":3,"b":1}]""", "values has b, which is no column of the model; its columns are age, rooms, city, scale")]
    [InlineData("""[{"city":"a","age":1,"rooms":3,"rooms":3}]""", "values has rooms twice")]
    [InlineData("""[{"city":"a","age":1,"rooms":3,"scale":1},{"city":"a","age":1,"rooms":3}]""", "values has scale in some rows and not in others (row 1)")]
    [InlineData("""[{"city":"a","age":1,"rooms":3.5}]""", "rooms expects INT64 [-1,1]; got 3.5 in row 0, column 'rooms', which is not an integer")]
    [InlineData("""[{"city":7,"age":1,"rooms":3}]""", "city expects BYTES [-1,1]; got a number in row 0, column 'city'")]
    [InlineData("""[{"city":"\ud800","age":1,"rooms":3}]""", "city expects BYTES [-1,1]; got a string in row 0, column 'city' that is not well-formed Unicode")]
    [InlineData("""[{"city":"a","age":[1],"rooms":3}]""", "age expects FP32 [-1,1]; got a list in row 0, column 'age', where a single value belongs")]
    [InlineData("""[{"city":"a","age":null,"rooms":3}]""", "age expects FP32 [-1,1]; got null in row 0, column 'age': a missing value")]
    [InlineData("""[{"city":"a","age":1,"rooms":3},7]""", "age expects FP32 [-1,1]; got a number in row 1 where an object belongs")]
    [InlineData("""[{"city":"a","age":1,"rooms":3""", "; the JSON is not valid: ")]
    [InlineData("""{"city":["a"],"age":[1]}""", "values lacks rooms, which expects INT64 [-1,1]")]
    [InlineData("[7]", "values must be an object with age FP32 [-1,1], rooms INT64 [-1,1], city BYTES [-1,1], scale FP32 [-1,1] (optional); got a list")]
    public async Task What_does_not_fit_is_422_and_named(string values, string sentence)
    {
        var refused = await _client.PredictAsync("table-mixed", $$"""{"values":{{values}}}""");

        Assert.Equal(422, refused.Code);
        Assert.Contains(sentence, refused.Description);
    }

    [Theory]
    [InlineData("table-named", "", "c,a,b\n3,1,2\n6,4,5\n", "[[1,2,3],[4,5,6]]")]
    [InlineData("table-named", "", "\uFEFFa,b,c\r\n1,,\r\n", """[[1,"NaN",0.5]]""")]
    [InlineData("table-named", "", "\"a\",\"b\",\"c\"\n\"1\",2e0,-3", "[[1,2,-3]]")]
    [InlineData("table-named", "", "a,b,c\n", "[]")]
    [InlineData("table-named", "?header=false", "1,2,3\n4,5,6", "[[1,2,3],[4,5,6]]")]
    [InlineData("table-named", "?by_position=true", "z,y,x\n1,2,3", "[[1,2,3]]")]
    [InlineData("table-nameless", "?by_position", "z,y,x\n1,2,3", "[[1,2,3]]")]
    [InlineData("table-nameless", "", "x_2,x_0,x_1\n3,1,2", "[[1,2,3]]")]
    [InlineData("table-nameless", "?header=false&by_position=false", "1,2,3", "[[1,2,3]]")]
    [InlineData("table-mixed", "", "city,age,rooms\n\"a \"\"b\"\",\nc\",1,3\n,2,4\n", "[[2],[4]] [[3],[4]] [[\"a \\u0022b\\u0022,\\nc\"],[\"\"]]")]
    [InlineData("table-mixed", "", "city,age,rooms,scale\na,1,3,10\nb,1,3,20\n", "[[10],[20]] [[3],[3]] [[\"a\"],[\"b\"]]")]
    [InlineData("table-mixed", "?header=false", "1,3,a", "[[2]] [[3]] [[\"a\"]]")]
    [InlineData("table-wide", "", "t,x_0,x_1\na,1,2\nb,3,4\n", "[[1,2],[3,4]] [\"a\",\"b\"]")]
    public async Task CSV_is_read_by_its_header_or_in_the_order_of_its_columns(string model, string query, string csv, string expected)
    {
        var answer = await SendAsync(model, query, csv);

        Assert.True(answer.Code == 200, answer.Body.ToJsonString());
        Assert.Equal(expected, Outputs(answer));
    }

    [Theory]
    [InlineData("table-named", "", "", "The CSV is empty.")]
    [InlineData("table-named", "", "a,b\n1,2", "values lacks the column c")]
    [InlineData("table-named", "", "a,b,c,d\n1,2,3,4", "values has d, which is no column of the model; its columns are a, b, c")]
    [InlineData("table-named", "", "a,b,c,a\n1,2,3,4", "values has a twice")]
    [InlineData("table-named", "", "a,b,c\n1,2", "Row 0 has 2 fields, and the header has 3 columns.")]
    [InlineData("table-named", "", "a,b,c\n1,2,3\n1,2,3,4", "Row 1 has 4 fields, and the header has 3 columns.")]
    [InlineData("table-named", "", "a,b,c\n1,2,x", "Row 0, column 'c': 'x' is not a number (FP32).")]
    [InlineData("table-named", "", "a,b,c\n,2,3", "Row 0, column 'a': it is empty, a missing value")]
    [InlineData("table-named", "", "a,b,c\n1,\"2,3", "The CSV ends within quotes: a quote is not closed.")]
    [InlineData("table-named", "", "a,b,c\n1,2,3\0", "The CSV has a NUL")]
    [InlineData("table-named", "?header=no", "1,2,3", "header must be true or false.")]
    [InlineData("table-named", "?header=false", "1,2", "The model takes x FP32 [-1,3], and the CSV has 2 columns.")]
    [InlineData("table-nameless", "", "a,b,c\n1,2,3", "does not know the names of its columns: send ?by_position=true")]
    [InlineData("table-mixed", "", "city,age,rooms\na,1,1.5", "Row 0, column 'rooms': '1.5' is not an integer (INT64).")]
    public async Task CSV_that_does_not_fit_is_422_and_named(string model, string query, string csv, string sentence)
    {
        var refused = await SendAsync(model, query, csv);

        Assert.Equal(422, refused.Code);
        Assert.Contains(sentence, refused.Description);
    }

    [Fact]
    public async Task CSV_in_another_charset_is_read_and_bytes_that_are_no_text_are_422()
    {
        using var latin = new ByteArrayContent(Encoding.Latin1.GetBytes("city,age,rooms\nKöln,1,3")) { Headers = { { "Content-Type", "text/csv; charset=iso-8859-1" } } };
        Assert.Equal("[[2]] [[3]] [[\"K\\u00F6ln\"]]", Outputs(await _client.PostAsync("/api/v1/models/table-mixed/prediction", latin).ReadAnswerAsync()));

        using var broken = new ByteArrayContent(Encoding.Latin1.GetBytes("city,age,rooms\nKöln,1,3")) { Headers = { { "Content-Type", "text/csv" } } };
        Assert.Equal((422, "The CSV is not text in UTF-8: byte 17 does not belong there."), await _client.PostAsync("/api/v1/models/table-mixed/prediction", broken).ReadAnswerAsync() is var refused ? (refused.Code, refused.Description) : default);
    }

    [Fact]
    public async Task What_says_how_CSV_is_read_is_refused_beside_JSON()
    {
        var refused = await _client.SendJsonAsync(HttpMethod.Post, "/api/v1/models/table-named/prediction?header=false", """{"values":[1,2,3]}""");

        Assert.Equal((422, "header and by_position say how CSV is read; this body is not text/csv."), (refused.Code, refused.Description));
    }

    [Fact]
    public async Task A_large_table_is_read_whole()
    {
        const int Rows = 50_000;
        var csv = new StringBuilder("c,b,a\n");
        for (var row = 0; row < Rows; row++)
            csv.Append(row).Append(",0,").Append(row + 1).Append('\n');

        var answer = await SendAsync("table-named", "", csv.ToString());

        Assert.Equal(Enumerable.Range(0, Rows).Select(row => $"[{row + 1},0,{row}]"), answer.Body["values"]!.AsArray().Select(row => row!.ToJsonString()));
    }

    private Task<Answer> SendAsync(string model, string query, string csv) =>
        _client.PostAsync($"/api/v1/models/{model}/prediction{query}", new StringContent(csv, Encoding.UTF8, "text/csv")).ReadAnswerAsync();

    private static string Outputs(Answer answer) => string.Join(' ', answer.Body["outputs"]!.AsObject().Select(output => output.Value!.ToJsonString()));
}

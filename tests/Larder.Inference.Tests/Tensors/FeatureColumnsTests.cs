using System.Text;
using System.Text.Json;
using Larder.Inference.Limits;
using Larder.Inference.Signatures;
using Larder.Inference.Tensors;

namespace Larder.Inference.Tests.Tensors;

public sealed class FeatureColumnsTests
{
    private static readonly long[] Rows = [-1, 3];

    [Theory]
    [InlineData("""{"a":1,"b":2,"c":3}""", new[] { 1f, 2, 3 })]
    [InlineData("""{"c":3,"a":1,"b":2}""", new[] { 1f, 2, 3 })]
    [InlineData("""[{"a":1,"b":2,"c":3},{"b":5,"c":6,"\u0061":4}]""", new[] { 1f, 2, 3, 4, 5, 6 })]
    [InlineData("""{"b":[2,5],"a":[1,4],"c":[3,6]}""", new[] { 1f, 2, 3, 4, 5, 6 })]
    [InlineData("""{"b":[],"a":[],"c":[]}""", new float[0])]
    [InlineData("[1,2,3]", new[] { 1f, 2, 3 })]
    [InlineData("""{"x":[[1,2,3]]}""", new[] { 1f, 2, 3 })]
    public void Values_are_matched_by_name_in_any_order(string json, float[] expected)
    {
        var tensor = Read(json, Names("a", "b", "c"));

        Assert.Equal(expected, tensor.Elements<float>());
        Assert.Equal([expected.Length / 3, 3], tensor.Shape.ToArray());
    }

    [Theory]
    [InlineData("""{"a":1,"b":2}""", "values lacks the column c")]
    [InlineData("{}", "values lacks the columns a, b, c")]
    [InlineData("""{"a":1,"b":2,"d":3}""", "values has d, which is no column of the model; its columns are a, b, c")]
    [InlineData("""{"a":1,"b":2,"\ud800":3}""", "values has \\ud800, which is no column of the model; its columns are a, b, c")]
    [InlineData("""{"a":1,"b":2,"a":3}""", "values has a twice")]
    [InlineData("""[{"a":1,"b":2,"c":3},{"a":1,"c":2}]""", "values, row 1, lacks the column b")]
    [InlineData("""[{"a":1,"b":2,"c":3},7]""", "x expects FP32 [-1,3]; got a number in row 1 where an object belongs")]
    [InlineData("""[{"a":1,"b":2,"c":[3]}]""", "x expects FP32 [-1,3]; got a list in row 0, column 'c', where a single value belongs")]
    [InlineData("""{"a":[1],"b":[2],"c":3}""", "x expects FP32 [-1,3]; got a list in some columns and a single value in others ('c')")]
    [InlineData("""{"a":[1],"b":[2],"c":[3,4]}""", "x expects FP32 [-1,3]; got 2 values in column 'c', but 1 in the columns before it")]
    [InlineData("""[{"a":1,"b":"two","c":3}]""", "x expects FP32 [-1,3]; got a string in row 0, column 'b'")]
    [InlineData("""{"a":[1,2],"b":[3,1e39],"c":[5,6]}""", "x expects FP32 [-1,3]; got 1e39 in row 1, column 'b', which is out of range")]
    public void What_does_not_match_is_refused_and_named(string json, string sentence) =>
        Assert.Equal(sentence, Assert.Throws<InvalidInputException>(() => Read(json, Names("a", "b", "c"))).Message);

    [Fact]
    public void Strings_integers_and_inputs_of_one_dimension_have_columns_too()
    {
        var texts = Read("""[{"b":"two","a":"ö\n"},{"a":"","b":"four"}]""", Names("a", "b"), Datatype.Bytes, [-1, 2]);
        Assert.Equal("ö\ntwofour", Encoding.UTF8.GetString(texts.Data));
        Assert.Equal([2, 2], texts.Shape.ToArray());

        Assert.Equal([1L, 9007199254740993], Read("""{"b":9007199254740993,"a":1}""", Names("a", "b"), Datatype.Int64, [2]).Elements<long>());
        Assert.Equal([1f, 2], Read("""{"a":[1,2]}""", Names("a"), Datatype.Fp32, [-1]).Elements<float>());
        Assert.Contains("got 2 rows", Assert.Throws<InvalidInputException>(() => Read("""{"a":[1,2],"b":[1,2]}""", Names("a", "b"), Datatype.Fp32, [2])).Message);
        Assert.Contains("got 2 rows", Assert.Throws<InvalidInputException>(() => Read("""{"a":["1","2"],"b":["1","2"]}""", Names("a", "b"), Datatype.Bytes, [1, 2])).Message);
    }

    [Theory]
    [InlineData("""[[1,null,3]]""")]
    [InlineData("""[[1,"NaN",3]]""")]
    [InlineData("""{"a":1,"c":3,"b":null}""")]
    [InlineData("""[{"a":1,"c":3,"b":"NaN"}]""")]
    public void A_missing_value_is_NaN_where_the_model_takes_it_and_refused_where_not(string json)
    {
        Assert.Equal([1, float.NaN, 3], Read(json, Names("a", "b", "c"), takesMissing: true).Elements<float>());
        Assert.Equal([1, float.NaN, 3], Read(json, [new Feature { Name = "a" }, new Feature { Name = "b", Missing = true }, new Feature { Name = "c" }]).Elements<float>());
        Assert.Equal([1, 7, 3], Read(json, [new Feature { Name = "a" }, new Feature { Name = "b", Default = Json("7") }, new Feature { Name = "c" }]).Elements<float>());

        var refused = Assert.Throws<InvalidInputException>(() => Read(json, Names("a", "b", "c"))).Message;
        Assert.EndsWith(": a missing value, which this model refuses: send a number, give the feature a default, or let the model take it (the setting missing: nan)", refused);
        Assert.Matches(@"^x expects FP32 \[-1,3\]; got (null|NaN) (at \[0\]\[1\]|in row 0, column 'b')", refused);
        Assert.Throws<InvalidInputException>(() => Read(json, [new Feature { Name = "a" }, new Feature { Name = "b", Missing = false }, new Feature { Name = "c" }], takesMissing: true));
    }

    [Fact]
    public void Infinities_come_as_the_strings_that_answers_use_where_NaN_may()
    {
        const string Json = """[["Infinity",2,"-Infinity"]]""";
        Assert.Equal([float.PositiveInfinity, 2, float.NegativeInfinity], Read(Json, [], takesMissing: true).Elements<float>());
        Assert.Contains("got Infinity at [0][0], which is out of range", Assert.Throws<InvalidInputException>(() => Read(Json, [])).Message);
        Assert.Contains("got a string at [0][0]", Assert.Throws<InvalidInputException>(() => Read("""[["infinite",2,3]]""", [], takesMissing: true)).Message);
    }

    [Theory]
    [InlineData(Datatype.Fp64)]
    [InlineData(Datatype.Fp16)]
    [InlineData(Datatype.Bf16)]
    public void Every_floating_point_datatype_has_NaN(Datatype datatype)
    {
        var bytes = Read("""[[null,"Infinity","-Infinity"]]""", [], datatype, takesMissing: true).Data;
        double[] values = datatype switch
        {
            Datatype.Fp64 => [.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, double>(bytes)],
            Datatype.Fp16 => [.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, Half>(bytes).ToArray().Select(value => (double)value)],
            _ => [.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ushort>(bytes).ToArray().Select(bits => (double)BitConverter.UInt32BitsToSingle((uint)bits << 16))],
        };
        Assert.Equal([double.NaN, double.PositiveInfinity, double.NegativeInfinity], values);
    }

    [Fact]
    public void Integers_and_strings_have_no_missing_value_but_take_a_default()
    {
        var integer = Assert.Throws<InvalidInputException>(() => Read("[[null,2,3]]", [], Datatype.Int64, takesMissing: true)).Message;
        Assert.Equal("x expects INT64 [-1,3]; got null at [0][0]: a missing value, which INT64 cannot hold: send a value, or give the feature a default", integer);
        Assert.Contains("which BYTES cannot hold", Assert.Throws<InvalidInputException>(() => Read("""[[null,"2","3"]]""", [], Datatype.Bytes)).Message);

        Feature[] features = [new() { Name = "a", Default = Json("-1") }, new() { Name = "b" }, new() { Name = "c" }];
        Assert.Equal([-1L, 2, 3], Read("[[null,2,3]]", features, Datatype.Int64).Elements<long>());
        Assert.Equal([-1L, 2, 3], Read("""[{"c":3,"b":2,"a":null}]""", features, Datatype.Int64).Elements<long>());
        Feature[] texts = [new() { Name = "a", Default = Json("\"none\"") }, new() { Name = "b" }, new() { Name = "c" }];
        Assert.Equal("nonebc", Encoding.UTF8.GetString(Read("""[[null,"b","c"]]""", texts, Datatype.Bytes).Data));
        Assert.Equal("nonebc", Encoding.UTF8.GetString(Read("""{"a":null,"c":"c","b":"b"}""", texts, Datatype.Bytes).Data));
    }

    [Fact]
    public void An_input_of_any_width_may_have_more_columns_than_features() =>
        Assert.Equal([1, 2, float.NaN], Read("[[1,2,null]]", Names("a", "b"), shape: [-1, -1], takesMissing: true).Elements<float>());

    [Theory]
    [InlineData("""{"values":[NaN,-Infinity,1]}""", """{"values":["NaN","-Infinity",1]}""")]
    [InlineData("""[Infinity,"NaN","a\"NaN",-1]""", """["Infinity","NaN","a\"NaN",-1]""")]
    [InlineData("""["NaN",-1,null]""", null)]
    [InlineData("\"NaN", null)]
    public void Bare_words_that_are_no_numbers_get_quotes(string json, string? expected) =>
        Assert.Equal(expected, NumberNames.Quoted(Tensor.InPieces(Encoding.UTF8.GetBytes(json))) is { } quoted ? Encoding.UTF8.GetString(quoted) : null);

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    private static Feature[] Names(params string[] names) => [.. names.Select(name => new Feature { Name = name })];

    private static TensorBuffer Read(string json, Feature[] features, Datatype datatype = Datatype.Fp32, long[]? shape = null, bool takesMissing = false)
    {
        var signature = new ModelSignature([Tensor.Signature(datatype, shape ?? Rows)], []);
        var inputs = new PredictionInputs(signature, PredictionInputs.Names(signature), new InferenceLimits(), takesMissing);
        var reader = new Utf8JsonReader(Tensor.InPieces(Encoding.UTF8.GetBytes(json)));
        reader.Read();
        inputs.Read(ref reader, FeatureColumns.Of(features, signature));
        Assert.False(reader.Read());
        return inputs[0];
    }
}

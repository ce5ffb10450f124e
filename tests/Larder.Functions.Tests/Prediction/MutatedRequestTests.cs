using System.Net;
using System.Net.Http.Headers;
using System.Text;
using FsCheck.Fluent;
using Larder.Functions.Tests.Hosting;
using Larder.Testing.Onnx;

namespace Larder.Functions.Tests.Prediction;

/// <summary>Nothing that a client sends may give a 500.</summary>
[Collection(nameof(SharedLarder))]
public sealed class MutatedRequestTests(LarderFixture larder)
{
    private const string Valid = """{"values":[[5.1,3.5,1.4,0.2],[6.7,3.1,4.7,1.5]]}""";

    [Fact]
    public async Task Mutated_bodies_are_answered_with_200_or_4xx_and_an_envelope()
    {
        await larder.Client.UploadAsync("mutated", OnnxModel.Linear());
        var bytes = Encoding.UTF8.GetBytes(Valid);
        var mutations = Gen.Sample(
            from edits in (from at in Gen.Choose(0, bytes.Length - 1) from value in Gen.Choose(0, 255) select (at, (byte)value)).NonEmptyListOf()
            from length in Gen.Choose(0, bytes.Length)
            from cut in Gen.Elements(true, false, false)
            select Mutate(bytes, edits.Take(4), cut ? length : bytes.Length), 10, 600);

        foreach (var mutation in mutations)
        {
            using var body = new ByteArrayContent(mutation) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            var answer = await larder.Client.PostAsync("/api/v1/models/mutated/prediction", body).ReadAnswerAsync();
            Assert.True(answer.Status == HttpStatusCode.OK || (int)answer.Status is >= 400 and < 500, $"{(int)answer.Status} for {Convert.ToHexString(mutation)}");
            Assert.Equal((int)answer.Status, answer.Code);
        }
    }

    [Theory]
    [InlineData("prediction", "text/csv", "a,b,c,d\n5.1,\"3.5\",1.4,0.2\n6.7,3.1,,1.5\n")]
    [InlineData("prediction", "application/json", """{"values":[{"a":5.1,"b":3.5,"c":1.4,"d":0.2},{"d":1.5,"c":4.7,"b":3.1,"a":6.7}]}""")]
    [InlineData("invocations", "text/csv", "d,c,b,a\n5.1,\"3.5\",1.4,0.2\n6.7,3.1,,1.5\n")]
    [InlineData("invocations", "application/json", """{"dataframe_split":{"columns":["a","b","c","d"],"index":[0],"data":[[5.1,3.5,1.4,0.2]]},"params":{"top":1,"output":"probabilities"}}""")]
    [InlineData("invocations", "application/json", """{"dataframe_records":[{"a":5.1,"b":3.5,"c":1.4,"d":0.2},{"d":1.5,"c":4.7,"b":3.1,"a":6.7}]}""")]
    [InlineData("invocations", "application/json", """{"instances":[[5.1,3.5,1.4,0.2],[6.7,3.1,4.7,1.5]]}""")]
    public async Task Mutated_tables_are_answered_with_200_or_4xx(string route, string type, string valid)
    {
        await larder.Client.UploadAsync("mutated-table", OnnxModel.Linear(), fields: [("features", """["a","b","c","d"]""")]);
        var bytes = Encoding.UTF8.GetBytes(valid);
        var mutations = Gen.Sample(
            from edits in (from at in Gen.Choose(0, bytes.Length - 1) from value in Gen.Choose(0, 255) select (at, (byte)value)).NonEmptyListOf()
            from length in Gen.Choose(0, bytes.Length)
            from cut in Gen.Elements(true, false, false)
            select Mutate(bytes, edits.Take(4), cut ? length : bytes.Length), 10, 300);

        foreach (var mutation in mutations)
        {
            using var body = new ByteArrayContent(mutation) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
            using var answer = await larder.Client.PostAsync($"/api/v1/models/mutated-table/{route}", body);
            Assert.True(answer.StatusCode == HttpStatusCode.OK || (int)answer.StatusCode is >= 400 and < 500, $"{(int)answer.StatusCode} for {Convert.ToHexString(mutation)}");
        }
    }

    [Theory]
    [InlineData("GET", "/api/v1/models/a%2Fb/prediction")]
    [InlineData("GET", "/api/v1/models/..%2f..%2fetc/download")]
    [InlineData("GET", "/api/v1/models/a:b:c")]
    [InlineData("GET", "/api/v1/models/a:99999999999999999999")]
    [InlineData("GET", "/api/v1/models/a:-1")]
    [InlineData("GET", "/api/v1/models/a:")]
    [InlineData("GET", "/api/v1/models/:1")]
    [InlineData("DELETE", "/api/v1/models/x:champion")]
    [InlineData("DELETE", "/api/v1/models/x?force=perhaps")]
    [InlineData("PUT", "/api/v1/models/x/aliases/..%2f")]
    [InlineData("PUT", "/api/v1/models/x/aliases/default")]
    [InlineData("POST", "/api/v1/models/x:1")]
    public async Task Odd_references_are_4xx(string method, string path)
    {
        var answer = await larder.Client.SendJsonAsync(new HttpMethod(method), path, method is "GET" or "DELETE" ? null : """{"version":1}""");

        Assert.InRange((int)answer.Status, 400, 499);
        Assert.Equal((int)answer.Status, answer.Code);
    }

    [Fact]
    public async Task A_NUL_in_the_path_is_refused_by_the_web_server()
    {
        using var response = await larder.Client.GetAsync("/api/v1/models/%00");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    private static byte[] Mutate(byte[] bytes, IEnumerable<(int At, byte Value)> edits, int length)
    {
        var mutated = bytes.ToArray();
        foreach (var (at, value) in edits)
            mutated[at] = value;
        return mutated[..length];
    }
}

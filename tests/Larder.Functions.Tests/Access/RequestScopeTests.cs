using Larder.Functions.Http;

namespace Larder.Functions.Tests.Access;

public sealed class RequestScopeTests
{
    [Fact]
    public void It_has_the_request_s_id_and_trace_until_the_request_is_over()
    {
        var scope = new RequestScope("id", "trace");

        Assert.Equal([new("RequestId", "id"), new("TraceId", "trace")], scope);
        Assert.Equal("RequestId:id TraceId:trace", scope.ToString());
        Assert.Equal([new("RequestId", "id")], new RequestScope("id", null));

        scope.End();

        Assert.Empty(scope);
        Assert.Equal("", scope.ToString());
    }
}

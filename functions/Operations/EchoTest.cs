using System.ComponentModel;
using System.Text.Json;
using Larder.Contracts;
using Larder.Functions.Access;
using Larder.Functions.Http;
using Larder.Functions.OpenApi;
using Larder.Registry.Access;
using Larder.Registry.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace Larder.Functions.Operations;

/// <summary>MLBuffet's test routes: they tell whether the server answers and whether a body arrives as it was sent.</summary>
public sealed class EchoTest
{
    private static readonly JsonBody<EchoRequest> Body = new("{data:list}");

    /// <summary>Answers 200.</summary>
    [Function("Test"), Requires(Role.Reader, Scope = ScopeRule.NoModel), Description("Answers 200.")]
    [Query, Answers(typeof(Answer))]
    public IActionResult Test([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/test")] HttpRequest request) =>
        Envelope.Ok("OK");

    /// <summary>Echoes each element of <c>{"data": [...]}</c>.</summary>
    [Function("SendToModelHost"), Requires(Role.Reader, Scope = ScopeRule.NoModel), Description("Echo test: {\"data\": [...]}.")]
    [Query, Takes(nameof(Body)), Answers(typeof(EchoAnswer))]
    public async Task<IActionResult> SendToModelHost(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/test/sendtomodelhost")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var body = await Body.ReadObjectAsync(request, cancellationToken);
        if (!body.TryGetProperty("data", out var data))
            throw new InvalidRequestException("No test data provided (data:[...])");
        if (data.ValueKind != JsonValueKind.Array)
            throw new InvalidRequestException("Test data is not a list enclosed by squared brackets");
        return Envelope.Ok($"Received {data.GetArrayLength()} elements", new EchoAnswer { Data = data });
    }
}

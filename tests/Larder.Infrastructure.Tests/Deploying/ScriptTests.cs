using System.Security.Cryptography;
using System.Text;

namespace Larder.Infrastructure.Tests.Deploying;

public sealed class ScriptTests
{
    private const string Ready = """
        case "$*" in
            *'function list'*) printf 'func-x/Predict\nfunc-x/IngestUpload\n' ;;
            *blobs_extension*) printf 'the-key\n' ;;
            *defaultHostName*) printf 'func-x.example.net\n' ;;
            *outputs.functionAppName*) printf 'func-x\n' ;;
            *outputs.endpoint*) printf 'https://func-x.example.net\n' ;;
            *outputs.eventTopicName*) printf 'topic-x\n' ;;
        esac
        """;

    private const string Predicts = """case "$*" in *prediction*) printf '{"values":[0],"outputs":{}}' ;; esac""";

    [Fact]
    public async Task Uploads_are_subscribed_to_with_the_webhooks_own_key()
    {
        using var script = new Script().With("az", Ready);
        await script.RunAsync("subscribe.sh", "group-x", "func-x", "topic-x");

        Assert.Equal((0, "Blobs in uploads now reach IngestUpload.\n"), (script.ExitCode, script.Output));
        var created = Assert.Single(script.Calls, call => call.Contains("event-subscription create", StringComparison.Ordinal));
        Assert.Contains("--resource-group group-x --system-topic-name topic-x ", created, StringComparison.Ordinal);
        Assert.Contains("--endpoint https://func-x.example.net/runtime/webhooks/blobs?functionName=Host.Functions.IngestUpload&code=the-key ", created, StringComparison.Ordinal);
        Assert.Contains("--included-event-types Microsoft.Storage.BlobCreated --subject-begins-with /blobServices/default/containers/uploads/ ", created, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_app_that_scores_files_gets_those_too()
    {
        using var script = new Script().With("az", Ready.Replace("func-x/IngestUpload\\n", "func-x/IngestUpload\\nfunc-x/ScoreDroppedFile\\n", StringComparison.Ordinal));
        await script.RunAsync("subscribe.sh", "group-x", "func-x", "topic-x");

        Assert.Equal((0, "Blobs in uploads now reach IngestUpload.\nBlobs in scoring now reach ScoreDroppedFile.\n"), (script.ExitCode, script.Output));
        var created = script.Calls.Last(call => call.Contains("event-subscription create", StringComparison.Ordinal));
        Assert.Contains("functionName=Host.Functions.ScoreDroppedFile&code=the-key ", created, StringComparison.Ordinal);
        Assert.Contains("--subject-begins-with /blobServices/default/containers/scoring/ ", created, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Subscribing_waits_until_the_host_has_its_functions_and_its_key()
    {
        using var script = new Script().With("az", $$"""
            if [ "$(grep -c 'function list' "$calls")" -eq 1 ]; then exit 0; fi
            case "$*" in *blobs_extension*) if [ "$(grep -c blobs_extension "$calls")" -eq 1 ]; then exit 0; fi ;; esac
            {{Ready}}
            """);
        await script.RunAsync("subscribe.sh", "group-x", "func-x", "topic-x");

        Assert.Equal(0, script.ExitCode);
        Assert.Equal(3, script.Calls.Count(call => call.Contains("function list", StringComparison.Ordinal)));
        Assert.Single(script.Calls, call => call.Contains("event-subscription create", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("printf 'func-x/IngestUpload\\n'")]
    public async Task A_host_that_does_not_come_up_is_an_error(string functions)
    {
        using var script = new Script().With("az", $"case \"$*\" in *'function list'*) {(functions.Length > 0 ? functions : ":")} ;; esac");
        await script.RunAsync("subscribe.sh", "group-x", "func-x", "topic-x");

        Assert.Equal(1, script.ExitCode);
        Assert.Contains("did not start, or made no key", script.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(script.Calls, call => call.Contains("event-subscription", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_app_without_the_function_has_nothing_to_subscribe()
    {
        using var script = new Script().With("az", "printf 'func-x/Predict\\n'");
        await script.RunAsync("subscribe.sh", "group-x", "func-x", "topic-x");

        Assert.Equal((0, "func-x has no function IngestUpload: there is nothing to subscribe.\n"), (script.ExitCode, script.Output));
        Assert.Single(script.Calls);
    }

    [Fact]
    public async Task A_function_whose_name_begins_like_one_is_another()
    {
        using var script = new Script().With("az", "printf 'func-x/IngestUploadByPolling\\nfunc-x/ScoreDroppedFileByPolling\\n'");
        await script.RunAsync("subscribe.sh", "group-x", "func-x", "topic-x");

        Assert.Equal((0, "func-x has no function IngestUpload: there is nothing to subscribe.\n"), (script.ExitCode, script.Output));
    }

    [Fact]
    public async Task A_failing_az_ends_the_script()
    {
        using var script = new Script().With("az", "exit 7");
        await script.RunAsync("subscribe.sh", "group-x", "func-x", "topic-x");

        Assert.Equal(7, script.ExitCode);
        Assert.Single(script.Calls);
    }

    [Theory]
    [InlineData(1, 0, 2)]
    [InlineData(9, 1, 3)]
    public async Task Code_is_uploaded_again_until_the_roles_are_known(int failures, int exitCode, int calls)
    {
        using var script = new Script().With("az", $"[ \"$(wc -l < \"$calls\")\" -gt {failures} ]");
        await script.RunAsync("upload.sh", "group-x", "func-x", "app.zip");

        Assert.Equal((exitCode, calls), (script.ExitCode, script.Calls.Count));
        Assert.All(script.Calls, call => Assert.Equal("az functionapp deployment source config-zip --resource-group group-x --name func-x --src app.zip --output none", call));
    }

    [Theory]
    [InlineData("upload.sh")]
    [InlineData("subscribe.sh")]
    [InlineData("smoke-test.sh")]
    [InlineData("deploy.sh")]
    public async Task Without_arguments_the_usage_is_said(string name)
    {
        using var script = new Script();
        await script.RunAsync(name);

        Assert.NotEqual(0, script.ExitCode);
        Assert.Contains($"usage: {name}", script.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_smoke_test_predicts_and_cleans_up_and_its_token_is_in_no_list_of_processes()
    {
        using var script = new Script().With("curl", Predicts).Setting("LARDER_ADMIN_TOKEN", "admin-token");
        await script.RunAsync("smoke-test.sh", "https://func-x.example.net");

        Assert.Equal((0, "The endpoint predicts.\n"), (script.ExitCode, script.Output));
        Assert.Equal(["readyz", "PUT", "prediction", "DELETE"], script.Calls.Select(call => new[] { "readyz", "PUT", "prediction", "DELETE" }.Single(word => call.Contains(word, StringComparison.Ordinal))));
        Assert.DoesNotContain(script.Calls, call => call.Contains("admin-token", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_smoke_test_fails_when_the_answer_is_another_one()
    {
        using var script = new Script().With("curl", Predicts.Replace("[0]", "[2]", StringComparison.Ordinal));
        await script.RunAsync("smoke-test.sh", "https://func-x.example.net");

        Assert.Equal(1, script.ExitCode);
        Assert.Contains("Not what iris.onnx answers: {\"values\":[2]", script.Output, StringComparison.Ordinal);
        Assert.Contains(script.Calls, call => call.Contains("DELETE", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Deploying_builds_first_then_makes_resources_code_subscription_and_test()
    {
        using var script = Deploying(Ready);
        await script.RunAsync("deploy.sh", "group-x", "region-x", "store=cosmos");

        Assert.Equal(0, script.ExitCode);
        Assert.EndsWith("Larder is at https://func-x.example.net\n", script.Output, StringComparison.Ordinal);
        string[] steps = ["az group create", "dotnet publish", "zip ", "deployment group create", "deployment source config-zip", "event-subscription create", "curl --fail --silent"];
        var order = steps.Select(step => script.Calls.ToList().FindIndex(call => call.Contains(step, StringComparison.Ordinal))).ToList();
        Assert.DoesNotContain(-1, order);
        Assert.Equal(order.Order(), order);
        Assert.Contains("--location region-x", script.Calls[order[0]], StringComparison.Ordinal);
        Assert.Contains("main.bicepparam store=cosmos --output none", script.Calls[order[3]], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_deployment_makes_an_administrator_s_token_and_prints_it_once_and_Azure_gets_its_hash()
    {
        using var script = Deploying(Ready.Replace("*outputs.functionAppName*)", "*'deployment group create'*) printf '%s' \"$LARDER_ADMIN_TOKEN_SHA256\" > \"$calls.hash\" ;;\n            *outputs.functionAppName*)", StringComparison.Ordinal));
        await script.RunAsync("deploy.sh", "group-x", "region-x");

        Assert.Equal(0, script.ExitCode);
        var token = Assert.Single(script.Output.Split('\n'), line => line.StartsWith("The token of the first administrator", StringComparison.Ordinal)).Split(' ')[^1];
        Assert.Matches("^lrd_[A-Za-z0-9_-]{43}$", token);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token))), script.Left("hash"));
        Assert.DoesNotContain(script.Calls, call => call.Contains(token, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_later_deployment_keeps_the_token_and_leaves_the_test_out_that_needs_it()
    {
        using var script = Deploying(Ready.Replace(
            "*outputs.functionAppName*)",
            "*appsettings*) printf 'the-hash-that-is-there\n' ;;\n            *'deployment group create'*) printf '%s' \"$LARDER_ADMIN_TOKEN_SHA256\" > \"$calls.hash\" ;;\n            *outputs.functionAppName*)",
            StringComparison.Ordinal));
        await script.RunAsync("deploy.sh", "group-x");

        Assert.Equal((0, "the-hash-that-is-there"), (script.ExitCode, script.Left("hash")));
        Assert.DoesNotContain("lrd_", script.Output, StringComparison.Ordinal);
        Assert.Contains("There was no smoke test: LARDER_ADMIN_TOKEN is not set.", script.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_is_given_is_the_administrator_s_and_is_not_printed()
    {
        using var script = Deploying(Ready.Replace("*outputs.functionAppName*)", "*'deployment group create'*) printf '%s' \"$LARDER_ADMIN_TOKEN_SHA256\" > \"$calls.hash\" ;;\n            *outputs.functionAppName*)", StringComparison.Ordinal))
            .Setting("LARDER_ADMIN_TOKEN", "mine");
        await script.RunAsync("deploy.sh", "group-x");

        Assert.Equal((0, Convert.ToHexStringLower(SHA256.HashData("mine"u8))), (script.ExitCode, script.Left("hash")));
        Assert.DoesNotContain("mine", script.Output, StringComparison.Ordinal);
        Assert.Contains(script.Calls, call => call.Contains("prediction", StringComparison.Ordinal));
    }

    private static Script Deploying(string az) => new Script().With("az", az).With("curl", Predicts).With("zip")
        .With("dotnet", "while [ \"$1\" != --output ]; do shift; done; mkdir -p \"$2\"");

    [Fact]
    public async Task Deploying_changes_nothing_when_the_build_fails()
    {
        using var script = new Script().With("az", Ready).With("dotnet", "exit 1");
        await script.RunAsync("deploy.sh", "group-x");

        Assert.Equal(1, script.ExitCode);
        Assert.DoesNotContain(script.Calls, call => call.StartsWith("az", StringComparison.Ordinal));
    }
}

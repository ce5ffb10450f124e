using System.Collections.Concurrent;
using System.Threading.Channels;
using Grpc.Core;
using Larder.Worker.Tests.Host.Rpc;

namespace Larder.Worker.Tests.Host;

/// <summary>The host's end of the stream on which one worker is told what to do.</summary>
internal sealed class WorkerChannel(HostLog log) : FunctionRpc.FunctionRpcBase
{
    private readonly Channel<StreamingMessage> _outgoing = Channel.CreateUnbounded<StreamingMessage>();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<StreamingMessage>> _questions = new();
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the worker has said its first word.</summary>
    public Task Started => _started.Task;

    /// <inheritdoc />
    public override async Task EventStream(IAsyncStreamReader<StreamingMessage> requestStream, IServerStreamWriter<StreamingMessage> responseStream, ServerCallContext context)
    {
        var sending = SendAllAsync(responseStream, context.CancellationToken);
        try
        {
            await foreach (var message in requestStream.ReadAllAsync(context.CancellationToken))
                Take(message);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The worker's process has ended.
        }
        finally
        {
            Close();
        }

        await sending;
    }

    /// <summary>Sends something that has no answer.</summary>
    public void Tell(StreamingMessage message) => _outgoing.Writer.TryWrite(message);

    /// <summary>Sends something and waits for its answer.</summary>
    /// <exception cref="InvalidOperationException">The worker ended first.</exception>
    public async Task<StreamingMessage> AskAsync(StreamingMessage message)
    {
        if (message.RequestId.Length == 0)
            message.RequestId = $"{Guid.NewGuid()}";
        var question = new TaskCompletionSource<StreamingMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        _questions[message.RequestId] = question;
        if (!_outgoing.Writer.TryWrite(message))
            question.TrySetException(Gone());
        try
        {
            return await question.Task;
        }
        finally
        {
            _questions.TryRemove(message.RequestId, out _);
        }
    }

    /// <summary>Ends the stream: what was asked and not answered fails.</summary>
    public void Close()
    {
        _started.TrySetException(Gone());
        _outgoing.Writer.TryComplete();
        foreach (var question in _questions.Values)
            question.TrySetException(Gone());
    }

    private void Take(StreamingMessage message)
    {
        if (message.ContentCase == StreamingMessage.ContentOneofCase.StartStream)
            _started.TrySetResult();
        else if (message.ContentCase == StreamingMessage.ContentOneofCase.RpcLog)
            log.Add($"{message.RpcLog.Level} {message.RpcLog.Category}: {message.RpcLog.Message} {message.RpcLog.Exception?.Message}");
        else if (_questions.TryGetValue(message.RequestId, out var question))
            question.TrySetResult(message);
    }

    private async Task SendAllAsync(IServerStreamWriter<StreamingMessage> stream, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var message in _outgoing.Reader.ReadAllAsync(cancellationToken))
                await stream.WriteAsync(message, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or InvalidOperationException)
        {
            Close();
        }
    }

    private static InvalidOperationException Gone() => new("The worker has ended.");
}

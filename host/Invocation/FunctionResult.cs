using System.Linq.Expressions;

namespace Larder.Host.Invocation;

/// <summary>Brings whatever a function returns (nothing, a value, or a task of either) into the context.</summary>
internal static class FunctionResult
{
    /// <summary>An expression of type Task that makes the call and stores its result.</summary>
    public static Expression Store(MethodCallExpression call, Expression context)
    {
        var type = call.Type;
        if (type == typeof(void))
            return Expression.Block(call, Expression.Constant(Task.CompletedTask));
        if (typeof(Task).IsAssignableFrom(type) && !type.IsGenericType)
            return call;
        if (type == typeof(ValueTask))
            return Expression.Call(call, nameof(ValueTask.AsTask), null);
        if (type.IsGenericType && type.GetGenericTypeDefinition() is var generic && (generic == typeof(Task<>) || generic == typeof(ValueTask<>)))
        {
            var store = generic == typeof(Task<>) ? nameof(StoreTask) : nameof(StoreValueTask);
            return Expression.Call(typeof(FunctionResult), store, type.GetGenericArguments(), call, context);
        }

        return Expression.Block(
            Expression.Assign(Expression.Property(context, nameof(HostFunctionContext.ResultValue)), Expression.Convert(call, typeof(object))),
            Expression.Constant(Task.CompletedTask));
    }

    // Waiting here for the result would cost every invocation that waits an object and a hop: the context takes it from the task when asked.
    internal static Task StoreTask<T>(Task<T> task, HostFunctionContext context)
    {
        context.SetResult(task, static task => ((Task<T>)task).Result);
        return task;
    }

    internal static Task StoreValueTask<T>(ValueTask<T> task, HostFunctionContext context)
    {
        if (!task.IsCompletedSuccessfully)
            return StoreTask(task.AsTask(), context);
        context.ResultValue = task.Result;
        return Task.CompletedTask;
    }
}

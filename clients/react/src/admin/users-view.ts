import type { ListUsersData, Role } from '@plinth/client';
import { type ChangeView, useView } from '../shared/use-view';

/** Which users are looked at: kept in the address, so it survives a reload and the way back. */
export interface UsersView {
  readonly search: string;
  readonly role: Role | null;
  readonly active: boolean | null;
  readonly deleted: boolean;
  readonly sort: UserSort;
  readonly page: number;
  /** The user whose details are open. */
  readonly user: string | null;
}

type UsersQuery = NonNullable<ListUsersData['query']>;

/** An order of the list. */
export type UserSort = NonNullable<UsersQuery['sort']>;

/** How many users a page has. */
export const PAGE_SIZE = 20;

/** Every role, with the least allowed first. */
export const ROLES: ReadonlyArray<Role> = ['viewer', 'editor', 'admin'];

/** Every order. */
export const SORTS: ReadonlyArray<UserSort> = [
  '-created_at',
  'created_at',
  'full_name',
  '-full_name',
  'email',
  '-email',
];

const START: UsersView = {
  search: '',
  role: null,
  active: null,
  deleted: false,
  sort: '-created_at',
  page: 1,
  user: null,
};

/**
 * What the address says, and how to change it. Unless the page or the details are among what is changed, the list goes
 * back to its start.
 */
export function useUsersView(): readonly [UsersView, ChangeView<UsersView>] {
  const [view, change] = useView(read, write);
  return [view, (changed, options) => change('user' in changed ? changed : { page: 1, ...changed }, options)];
}

/** Whether anything but the order and the page differs from what is shown at first. */
export function isFiltered({ search, role, active, deleted }: UsersView): boolean {
  return search !== '' || role !== null || active !== null || deleted;
}

/** What takes all filters away. */
export const UNFILTERED = { search: '', role: null, active: null, deleted: false } as const;

/** What to ask the server for. */
export function toQuery({ search, role, active, deleted, sort, page }: UsersView): UsersQuery {
  return {
    page,
    page_size: PAGE_SIZE,
    sort,
    ...(search && { search }),
    ...(role && { role }),
    ...(active !== null && { is_active: active }),
    ...(deleted && { include_deleted: true }),
  };
}

/** The page of a user's details. */
export function detailsOf(user: string): string {
  return `/admin/users?${write({ ...START, user })}`;
}

function read(params: URLSearchParams): UsersView {
  const page = Number(params.get('page') ?? 1);
  const state = params.get('state');
  return {
    search: params.get('search') ?? '',
    role: ROLES.find((role) => role === params.get('role')) ?? null,
    active: state === 'active' ? true : state === 'deactivated' ? false : null,
    deleted: params.get('deleted') === 'true',
    sort: SORTS.find((sort) => sort === params.get('sort')) ?? START.sort,
    page: Number.isSafeInteger(page) && page > 0 ? page : 1,
    user: params.get('user'),
  };
}

function write(view: UsersView): URLSearchParams {
  const params = new URLSearchParams();
  if (view.search) params.set('search', view.search);
  if (view.role) params.set('role', view.role);
  if (view.active !== null) params.set('state', view.active ? 'active' : 'deactivated');
  if (view.deleted) params.set('deleted', 'true');
  if (view.sort !== START.sort) params.set('sort', view.sort);
  if (view.page > 1) params.set('page', String(view.page));
  if (view.user) params.set('user', view.user);
  return params;
}
